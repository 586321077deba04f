import type { CameraState } from "../../shared/camera/decide.ts";
import type { CameraEvent } from "../../shared/contract/camera-event.ts";
import type { CameraRecord } from "./site-contract.ts";

/** A target of events, its secret sealed. */
export interface StoredWebhook {
  readonly id: string;
  readonly url: string;
  readonly cameras: readonly string[] | null;
  readonly sealedSecret: string;
  readonly createdAt: number;
}

/** One event that has to reach one target, or did not. Times are milliseconds since 1970. */
export interface StoredDelivery {
  readonly event: string;
  readonly webhook: string;
  readonly attempts: number;
  /** `null` once given up. */
  readonly nextAt: number | null;
  /** From when on it counts how long it is tried. */
  readonly firstAt: number;
  readonly lastError: string | null;
}

type Value = string | number | null;
type Row = Record<string, Value>;

/** Events kept of each camera. */
const keptEvents = 500;

/** The tables of one site. Nothing is made before the first camera: asking for a site that is none leaves no trace. */
export class SiteStore {
  readonly #sql: SqlStorage;
  #rowsRead = 0;
  #rowsWritten = 0;
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = this.#run("SELECT name FROM sqlite_master WHERE name = 'cameras'").length > 0;
  }

  /** Whether the site has tables. */
  get exists(): boolean {
    return this.#exists;
  }

  /** Rows read and written since the object started. */
  get usage(): { readonly rowsRead: number; readonly rowsWritten: number } {
    return { rowsRead: this.#rowsRead, rowsWritten: this.#rowsWritten };
  }

  /** Makes the tables where there are none. */
  create(): void {
    if (this.#exists) return;
    for (const table of [
      "cameras (id TEXT PRIMARY KEY, record TEXT NOT NULL, state TEXT)",
      "events (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, camera TEXT NOT NULL, body TEXT NOT NULL)",
      "webhooks (id TEXT PRIMARY KEY, record TEXT NOT NULL)",
      "deliveries (event TEXT NOT NULL, webhook TEXT NOT NULL, attempts INTEGER NOT NULL, nextAt INTEGER, firstAt INTEGER NOT NULL, lastError TEXT, PRIMARY KEY (event, webhook))",
      "snapshots (key TEXT PRIMARY KEY, camera TEXT NOT NULL, expiresAt INTEGER NOT NULL)",
    ]) {
      this.#run(`CREATE TABLE IF NOT EXISTS ${table}`);
    }
    this.#run("CREATE INDEX IF NOT EXISTS events_by_camera ON events (camera, sequence)");
    this.#run("CREATE INDEX IF NOT EXISTS deliveries_by_time ON deliveries (nextAt)");
    this.#exists = true;
  }

  /** Every camera with what was last remembered of it. */
  cameras(): readonly { readonly record: CameraRecord; readonly state: CameraState | null }[] {
    if (!this.#exists) return [];
    return this.#run("SELECT record, state FROM cameras ORDER BY id").map(({ record, state }) => ({
      record: parse<CameraRecord>(record),
      state: state === null ? null : parse<CameraState>(state),
    }));
  }

  putCamera(record: CameraRecord): void {
    this.#run(
      "INSERT INTO cameras (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
      record.id,
      JSON.stringify(record),
    );
  }

  putState(camera: string, state: CameraState): void {
    this.#run("UPDATE cameras SET state = ? WHERE id = ?", JSON.stringify(state), camera);
  }

  /** Removes a camera and everything that is its own. */
  deleteCamera(camera: string): void {
    this.#run("DELETE FROM deliveries WHERE event IN (SELECT id FROM events WHERE camera = ?)", camera);
    for (const table of ["events", "snapshots"]) this.#run(`DELETE FROM ${table} WHERE camera = ?`, camera);
    this.#run("DELETE FROM cameras WHERE id = ?", camera);
  }

  /** Position that the next event gets. */
  nextSequence(): number {
    const [row] = this.#run("SELECT seq FROM sqlite_sequence WHERE name = 'events'");
    return Number(row?.["seq"] ?? 0) + 1;
  }

  /**
   * Writes an event, and forgets the oldest of its camera but those that still have to be delivered. A delivery that was
   * given up is forgotten with its event: it can be replayed as long as that is there.
   */
  addEvent(event: CameraEvent): void {
    this.#run(
      "INSERT INTO events (sequence, id, camera, body) VALUES (?, ?, ?, ?)",
      event.sequence,
      event.id,
      event.camera,
      JSON.stringify(event),
    );
    const forgotten = this.#run(
      `DELETE FROM events WHERE camera = ?1 AND sequence <=
          (SELECT sequence FROM events WHERE camera = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2)
        AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event = events.id AND nextAt IS NOT NULL)
        RETURNING id`,
      event.camera,
      keptEvents,
    );
    for (const { id = null } of forgotten) this.#run("DELETE FROM deliveries WHERE event = ?", id);
  }

  /** Events after a position, the oldest first, or without one the newest, the newest first. */
  events(camera: string, after: number | null, limit: number): readonly CameraEvent[] {
    if (!this.#exists) return [];
    const rows =
      after === null
        ? this.#run("SELECT body FROM events WHERE camera = ? ORDER BY sequence DESC LIMIT ?", camera, limit)
        : this.#run(
            "SELECT body FROM events WHERE camera = ? AND sequence > ? ORDER BY sequence LIMIT ?",
            camera,
            after,
            limit,
          );
    return rows.map(({ body }) => parse<CameraEvent>(body));
  }

  event(id: string): CameraEvent | null {
    if (!this.#exists) return null;
    const [row] = this.#run("SELECT body FROM events WHERE id = ?", id);
    return row === undefined ? null : parse<CameraEvent>(row["body"]);
  }

  webhooks(): readonly StoredWebhook[] {
    if (!this.#exists) return [];
    return this.#run("SELECT record FROM webhooks").map(({ record }) => parse<StoredWebhook>(record));
  }

  putWebhook(webhook: StoredWebhook): void {
    this.#run("INSERT INTO webhooks (id, record) VALUES (?, ?)", webhook.id, JSON.stringify(webhook));
  }

  /** @returns whether there was one */
  deleteWebhook(id: string): boolean {
    if (!this.#exists) return false;
    this.#run("DELETE FROM deliveries WHERE webhook = ?", id);
    return this.#run("DELETE FROM webhooks WHERE id = ? RETURNING id", id).length > 0;
  }

  putDelivery(delivery: StoredDelivery): void {
    const { event, webhook, attempts, nextAt, firstAt, lastError } = delivery;
    this.#run(
      "INSERT OR REPLACE INTO deliveries (event, webhook, attempts, nextAt, firstAt, lastError) VALUES (?, ?, ?, ?, ?, ?)",
      event,
      webhook,
      attempts,
      nextAt,
      firstAt,
      lastError,
    );
  }

  /** Writes how a delivery fares; one that went with its webhook or camera meanwhile stays gone. */
  updateDelivery({ event, webhook, attempts, nextAt, lastError }: StoredDelivery): void {
    this.#run(
      "UPDATE deliveries SET attempts = ?, nextAt = ?, lastError = ? WHERE event = ? AND webhook = ?",
      attempts,
      nextAt,
      lastError,
      event,
      webhook,
    );
  }

  deleteDelivery({ event, webhook }: Pick<StoredDelivery, "event" | "webhook">): void {
    this.#run("DELETE FROM deliveries WHERE event = ? AND webhook = ?", event, webhook);
  }

  /**
   * Deliveries that are due, those first that were tried least. One whose event or webhook is gone is deleted: nobody
   * would ever try it, and it would be due for ever.
   */
  dueDeliveries(now: number, limit: number): readonly StoredDelivery[] {
    if (!this.#exists) return [];
    this.#run(
      `DELETE FROM deliveries WHERE nextAt <= ? AND NOT EXISTS (SELECT 1 FROM events JOIN webhooks
        ON events.id = deliveries.event AND webhooks.id = deliveries.webhook)`,
      now,
    );
    return this.#run(
      `SELECT deliveries.* FROM deliveries JOIN events ON events.id = deliveries.event
        WHERE nextAt <= ? ORDER BY attempts, sequence LIMIT ?`,
      now,
      limit,
    ).map(deliveryOf);
  }

  /** Lets every delivery to a target wait until then at least; those that began before `oldest` are given up. */
  postpone(webhook: string, until: number, oldest: number): void {
    this.#run("UPDATE deliveries SET nextAt = NULL WHERE webhook = ? AND firstAt <= ?", webhook, oldest);
    this.#run("UPDATE deliveries SET nextAt = ? WHERE webhook = ? AND nextAt < ?", until, webhook, until);
  }

  deliveries(limit: number): readonly StoredDelivery[] {
    if (!this.#exists) return [];
    return this.#run("SELECT * FROM deliveries ORDER BY firstAt DESC LIMIT ?", limit).map(deliveryOf);
  }

  putSnapshot(key: string, camera: string, expiresAt: number): void {
    this.#run("INSERT INTO snapshots (key, camera, expiresAt) VALUES (?, ?, ?)", key, camera, expiresAt);
  }

  expiredSnapshots(now: number, limit: number): readonly string[] {
    if (!this.#exists) return [];
    const rows = this.#run("SELECT key FROM snapshots WHERE expiresAt <= ? LIMIT ?", now, limit);
    return rows.map(({ key }) => String(key));
  }

  hasSnapshot(key: string): boolean {
    return this.#exists && this.#run("SELECT 1 FROM snapshots WHERE key = ?", key).length > 0;
  }

  deleteSnapshots(keys: readonly string[]): void {
    for (const key of keys) this.#run("DELETE FROM snapshots WHERE key = ?", key);
  }

  /** Lets snapshots be due later. */
  postponeSnapshots(keys: readonly string[], until: number): void {
    for (const key of keys) this.#run("UPDATE snapshots SET expiresAt = ? WHERE key = ?", until, key);
  }

  /** When the next delivery or the end of a snapshot is due, `null` where nothing is. */
  nextDueAt(): number | null {
    if (!this.#exists) return null;
    const [row] = this.#run(
      "SELECT min(due) AS due FROM (SELECT min(nextAt) AS due FROM deliveries UNION ALL SELECT min(expiresAt) FROM snapshots)",
    );
    return typeof row?.["due"] === "number" ? row["due"] : null;
  }

  #run(query: string, ...bindings: Value[]): Row[] {
    const cursor = this.#sql.exec<Row>(query, ...bindings);
    const rows = cursor.toArray();
    this.#rowsRead += cursor.rowsRead;
    this.#rowsWritten += cursor.rowsWritten;
    return rows;
  }
}

/** What this object wrote itself; a row that an older version wrote must be brought up to date where it is read. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what it wrote
function parse<T>(value: Value | undefined): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own rows
  return JSON.parse(String(value)) as T;
}

function deliveryOf(row: Row): StoredDelivery {
  const { event, webhook, attempts, nextAt, firstAt, lastError } = row;
  return {
    event: String(event),
    webhook: String(webhook),
    attempts: Number(attempts),
    nextAt: nextAt === null ? null : Number(nextAt),
    firstAt: Number(firstAt),
    lastError: lastError === null ? null : String(lastError),
  };
}
