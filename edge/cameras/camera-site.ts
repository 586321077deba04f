import { DurableObject } from "cloudflare:workers";
import type { CameraState } from "../../shared/camera/decide.ts";
import type { CameraConfig } from "../../shared/contract/camera.ts";
import type { Delivery, Webhook } from "../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../shared/contract/camera-event.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { LogEntry } from "../ports.ts";
import { parseSettings } from "../settings.ts";
import { type CameraKeys, openCameraKeys } from "./camera-key.ts";
import { createToken, isActive } from "./camera-token.ts";
import { type RememberedFrame, SiteCameras } from "./site-cameras.ts";
import type { CameraRecord, SiteAnswer, SiteReport } from "./site-contract.ts";
import { SiteStore } from "./site-store.ts";
import { SiteStreams } from "./site-stream.ts";
import { SiteWebhooks } from "./site-webhooks.ts";
import { snapshotPath } from "./snapshot-link.ts";

/** What a site needs from outside, so that a test can move time and be the receiver. */
export interface SitePorts {
  clock: () => number;
  random: () => number;
  send: (url: string, init: RequestInit) => Promise<Response>;
}

/** A camera with its token, told once. */
export interface MadeCamera {
  readonly record: CameraRecord;
  readonly token: string;
}

/** A refusal that crosses from the object to the Worker as a value: errors lose their class on the way. */
export interface SiteRefusal {
  readonly refused: "invalid_argument" | "already_exists" | "not_found";
  readonly reason: string;
}

const mostCameras = 200;
/** An event whose frame is kept is told a little later, when the link works. */
const snapshotDelayMs = 2_000;
/** Snapshots that the bucket did not delete are tried again after this. */
const snapshotRetryMs = 600_000;

/**
 * One site: decides what its cameras' frames mean, remembers it, and tells of changes. It never decodes and never
 * classifies; that is the Worker's part, so that one object is enough for many cameras.
 */
export class CameraSite extends DurableObject<Env> {
  readonly ports: SitePorts = {
    clock: () => Date.now(),
    random: () => Math.random(),
    send: (url, init) => fetch(url, init),
  };
  readonly #store: SiteStore;
  readonly #cameras: SiteCameras;
  readonly #webhooks: SiteWebhooks;
  readonly #streams = new SiteStreams();
  #alarmAt: number | null | undefined;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    const settings = parseSettings(env);
    let opened: Promise<CameraKeys> | undefined;
    const keys = (): Promise<CameraKeys> => (opened ??= openCameraKeys(settings.cameraKey));
    this.#store = new SiteStore(context.storage.sql);
    this.#cameras = new SiteCameras(this.#store, {
      link: async (origin, camera, event, expiresAt) =>
        settings.cameraKey === undefined
          ? null
          : origin + (await snapshotPath(await keys(), camera, event, expiresAt)),
      tell: (events, withSnapshot) => {
        this.#streams.tell(events);
        if (events.length > 0) this.#webhooks.enqueue(events, withSnapshot ? snapshotDelayMs : 0);
      },
    });
    this.#webhooks = new SiteWebhooks(this.#store, {
      clock: () => this.ports.clock(),
      random: () => this.ports.random(),
      send: (url, init) => this.ports.send(url, init),
      log,
      keys,
      hosts: settings.webhookHosts,
    });
  }

  /** Makes a camera. */
  async create(id: string, config: CameraConfig): Promise<MadeCamera | SiteRefusal> {
    if (this.#cameras.get(id) !== null) {
      return { refused: "already_exists", reason: `camera ${id} is there already; edit or delete it` };
    }
    if (this.#cameras.list().length >= mostCameras) {
      return {
        refused: "invalid_argument",
        reason: `a site has at most ${mostCameras} cameras; use another site`,
      };
    }
    const now = this.ports.clock();
    const { token, stored } = await createToken(now);
    const record: CameraRecord = { id, config, revision: 1, tokens: [stored], createdAt: now };
    this.#cameras.put(record);
    return { record, token };
  }

  /** Changes the configuration of a camera. @returns `null` where there is none */
  edit(id: string, config: CameraConfig): CameraRecord | null {
    const known = this.#cameras.get(id);
    if (known === null) return null;
    const record = { ...known.record, config, revision: known.record.revision + 1 };
    this.#cameras.put(record);
    return record;
  }

  /** Gives a camera a new token; those before end after a while. */
  async rotate(id: string, overlapMs: number): Promise<MadeCamera | null> {
    const now = this.ports.clock();
    const { token, stored } = await createToken(now);
    const known = this.#cameras.get(id);
    if (known === null) return null;
    const endsAt = now + overlapMs;
    const before = known.record.tokens
      .map((old) => ({ ...old, expiresAt: Math.min(old.expiresAt ?? Infinity, endsAt) }))
      .filter((old) => isActive(old, now))
      .slice(-3);
    const revision = known.record.revision + 1;
    const record = { ...known.record, tokens: [...before, stored], revision };
    this.#cameras.put(record);
    return { record, token };
  }

  /** Deletes a camera with everything of it. @returns whether there was one */
  async remove(id: string): Promise<boolean> {
    this.#streams.end(id);
    const was = this.#cameras.remove(id);
    await this.#deleteSnapshots(id);
    return was;
  }

  /** A camera as a Worker needs it to let frames in. */
  lookUp(id: string): CameraRecord | null {
    return this.#cameras.get(id)?.record ?? null;
  }

  cameras(): readonly { readonly record: CameraRecord; readonly state: CameraState }[] {
    return this.#cameras.list().map(({ record, state }) => ({ record, state }));
  }

  camera(id: string): { readonly record: CameraRecord; readonly state: CameraState } | null {
    const entry = this.#cameras.get(id);
    return entry === null ? null : { record: entry.record, state: entry.state };
  }

  /** Takes frames in and tells of what changed. */
  async report(report: SiteReport): Promise<SiteAnswer> {
    const answer = await this.#cameras.report(report, this.ports.clock());
    if (answer.kind === "stale") return answer;
    this.#streams.show(
      report.camera,
      this.#cameras
        .recent(report.camera)
        .slice(-report.frames.length)
        .map(({ shown }) => shown),
    );
    await this.#schedule();
    return answer;
  }

  recent(id: string): readonly RememberedFrame[] {
    return this.#cameras.recent(id);
  }

  picture(id: string, number: number): Uint8Array | null {
    return this.#cameras.picture(id, number);
  }

  watch(id: string, milliseconds: number): void {
    this.#cameras.watch(id, this.ports.clock() + milliseconds);
  }

  events(id: string, after: number | null, limit: number): readonly CameraEvent[] {
    return this.#store.events(id, after, limit);
  }

  hasSnapshot(key: string): boolean {
    return this.#store.hasSnapshot(key);
  }

  webhooks(): readonly Webhook[] {
    return this.#webhooks.list();
  }

  async addWebhook(
    url: string,
    cameras: readonly string[] | null,
  ): Promise<(Webhook & { readonly secret: string }) | SiteRefusal> {
    try {
      return await this.#webhooks.add(url, cameras);
    } catch (error) {
      if (error instanceof AppError && error.code === "invalid_argument") {
        return { refused: "invalid_argument", reason: error.message };
      }
      throw error;
    }
  }

  removeWebhook(id: string): boolean {
    return this.#store.deleteWebhook(id);
  }

  deliveries(): readonly Delivery[] {
    return this.#webhooks.deliveries();
  }

  /** Delivers an event once more to every target that wants it. @returns whether there is such an event */
  async replay(id: string): Promise<boolean> {
    const event = this.#store.event(id);
    if (event === null) return false;
    this.#webhooks.enqueue([event]);
    await this.#schedule();
    return true;
  }

  /** Rows read and written since the object started, for what it costs. */
  usage(): { readonly rowsRead: number; readonly rowsWritten: number } {
    return this.#store.usage;
  }

  /** `GET /?camera=&after=&frames=`: the stream of a camera. */
  override fetch(request: Request): Response {
    const { searchParams } = new URL(request.url);
    const camera = searchParams.get("camera") ?? "";
    const after = searchParams.get("after");
    const missed = after === null ? [] : this.#store.events(camera, Number(after), 500);
    return this.#streams.open(camera, searchParams.get("frames") === "1", missed);
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    this.#cameras.checkSilence(this.ports.clock());
    await this.#webhooks.deliver();
    await this.#expireSnapshots();
    await this.#schedule();
  }

  /** Sets the alarm to what is due next; an alarm that is early enough stays, since setting one is a write. */
  async #schedule(): Promise<void> {
    const due = [this.#store.nextDueAt(), this.#cameras.nextSilenceAt()].filter((at) => at !== null);
    if (due.length === 0) return;
    const nextAt = Math.min(...due);
    if (this.#alarmAt === undefined) this.#alarmAt = await this.ctx.storage.getAlarm();
    if (this.#alarmAt !== null && this.#alarmAt <= nextAt) return;
    this.#alarmAt = nextAt;
    await this.ctx.storage.setAlarm(nextAt);
  }

  /** A bucket that fails puts this off, and nothing else: the alarm goes on to what is due next. */
  async #expireSnapshots(): Promise<void> {
    const now = this.ports.clock();
    const keys = this.#store.expiredSnapshots(now, 100);
    if (keys.length === 0) return;
    try {
      await this.env.MODELS.delete([...keys]);
      this.#store.deleteSnapshots(keys);
    } catch (error) {
      this.#store.postponeSnapshots(keys, now + snapshotRetryMs);
      log({ level: "warn", event: "snapshots-not-deleted", count: keys.length, reason: String(error) });
    }
  }

  async #deleteSnapshots(camera: string): Promise<void> {
    for (;;) {
      const { objects } = await this.env.MODELS.list({ prefix: objectKeys.cameraSnapshots(camera) });
      if (objects.length === 0) return;
      await this.env.MODELS.delete(objects.map(({ key }) => key));
    }
  }
}

function log(entry: LogEntry): void {
  console.log(JSON.stringify(entry));
}
