import { mapLabels } from "../../shared/camera/label-map.ts";
import {
  type CameraChange,
  type CameraState,
  checkSilence,
  newCameraState,
  step,
} from "../../shared/camera/decide.ts";
import { type CameraConfig, siteOf } from "../../shared/contract/camera.ts";
import type { RecentFrame } from "../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../shared/contract/camera-event.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { isActive } from "./camera-token.ts";
import type { CameraRecord, FrameReport, SiteAnswer, SiteReport } from "./site-contract.ts";
import type { SiteStore } from "./site-store.ts";

/** A frame as the site remembers it for a while, in memory only. */
export interface RememberedFrame {
  readonly report: Omit<FrameReport, "picture">;
  readonly shown: RecentFrame;
}

/** One camera in memory. */
interface CameraEntry {
  record: CameraRecord;
  state: CameraState;
  /** Of the state as it is written. */
  savedAt: number;
  /** The newest last. */
  readonly recent: RememberedFrame[];
  /** Pictures of the last frames while somebody watches, by number. */
  readonly pictures: Map<number, Uint8Array>;
  watchedUntil: number;
}

/** What the cameras of a site need from it. */
export interface SiteHooks {
  /** A link to a frame that is kept, `null` where none can be. */
  readonly link: (origin: string, camera: string, event: string, expiresAt: number) => Promise<string | null>;
  /** Takes events over in the moment they are written: what is written together is there together, or not at all. */
  readonly tell: (events: readonly CameraEvent[], withSnapshot: boolean) => void;
}

/** An event that a frame may turn out to make; signing a link cannot be waited for later. */
interface Candidate {
  readonly id: string;
  readonly snapshot: { readonly link: string; readonly key: string; readonly expiresAt: number } | null;
}

/** Frames remembered of each camera. */
const keptFrames = 120;
const keptPictures = 12;
/** A state that did not change is written this often, for what it says of when the camera was last seen. */
const saveMs = 60_000;

/** The cameras of a site: the state machine of each, what is remembered, and what is written of it, which is changes. */
export class SiteCameras {
  readonly #store: SiteStore;
  readonly #hooks: SiteHooks;
  readonly #entries = new Map<string, CameraEntry>();
  #pictures = 0;

  constructor(store: SiteStore, hooks: SiteHooks) {
    this.#store = store;
    this.#hooks = hooks;
    for (const { record, state } of store.cameras()) this.#remember(record, state ?? newCameraState);
  }

  /** Every camera with its state, by name. */
  list(): readonly { readonly record: CameraRecord; readonly state: CameraState }[] {
    return [...this.#entries.values()].toSorted((a, b) => (a.record.id < b.record.id ? -1 : 1));
  }

  /** A camera with its state, `null` where there is none. */
  get(id: string): { readonly record: CameraRecord; readonly state: CameraState } | null {
    return this.#entries.get(id) ?? null;
  }

  /** Makes a camera or changes the record of one. */
  put(record: CameraRecord): void {
    this.#store.create();
    this.#store.putCamera(record);
    const known = this.#entries.get(record.id);
    if (known === undefined) this.#remember(record, newCameraState);
    else known.record = record;
  }

  /** Forgets a camera with all of its data. @returns whether there was one */
  remove(id: string): boolean {
    if (!this.#entries.delete(id)) return false;
    this.#store.deleteCamera(id);
    return true;
  }

  /** Frames of the last minutes, the oldest first; empty after the object slept. */
  recent(id: string): readonly RememberedFrame[] {
    return this.#entries.get(id)?.recent ?? [];
  }

  /** A picture of a recent frame. */
  picture(id: string, number: number): Uint8Array | null {
    return this.#entries.get(id)?.pictures.get(number) ?? null;
  }

  /** Asks for pictures until then; they are kept in memory, and dropped after it. */
  watch(id: string, until: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.watchedUntil = Math.max(entry.watchedUntil, until);
  }

  /** Takes frames in: everything that follows from them is written before they are answered. */
  async report(report: SiteReport, now: number): Promise<SiteAnswer> {
    const config = this.#entries.get(report.camera)?.record.config;
    const candidates = await Promise.all(report.frames.map(() => this.#prepare(report, config, now)));
    // from here on nothing is awaited
    const entry = this.#entries.get(report.camera);
    if (entry === undefined || !isAdmitted(entry.record, report, now)) return { kind: "stale" };
    const verdicts: RecentFrame["verdict"][] = [];
    const events: CameraEvent[] = [];
    const snapshots: { frame: number; key: string }[] = [];
    const watched = now < entry.watchedUntil;
    let isUnsettled = false;
    for (const [index, frame] of report.frames.entries()) {
      const mapped = mapLabels(frame.predictions, frame.unknown, entry.record.config);
      const { state, verdict, changes } = step(entry.state, { ...frame, ...mapped }, entry.record.config);
      entry.state = state;
      verdicts.push(verdict);
      this.#remind(entry, frame, mapped, verdict, watched);
      isUnsettled ||= mapped.label !== state.label || verdict !== "counted";
      const candidate = candidates[index] ?? newCandidate();
      for (const change of changes) events.push(this.#record(report.camera, change, candidate));
      if (candidate.snapshot !== null && changes.some(({ kind }) => kind === "state")) {
        snapshots.push({ frame: index, key: candidate.snapshot.key });
      }
    }
    if (events.length > 0 || isUnsettled || now - entry.savedAt >= saveMs) this.#save(entry, now);
    this.#hooks.tell(events, snapshots.length > 0);
    return { kind: "taken", verdicts, state: entry.state.label, events, snapshots, watched };
  }

  /** Looks for cameras that fell silent, and tells of them. */
  checkSilence(now: number): void {
    for (const entry of this.#entries.values()) {
      const { state, changes } = checkSilence(entry.state, entry.record.config, now);
      if (changes.length === 0) continue;
      entry.state = state;
      this.#save(entry, now);
      this.#hooks.tell(
        changes.map((change) => this.#record(entry.record.id, change, newCandidate())),
        false,
      );
    }
  }

  /** When the next camera counts as offline if it stays silent, `null` where none is heard of. */
  nextSilenceAt(): number | null {
    let nextAt: number | null = null;
    for (const { state, record } of this.#entries.values()) {
      const { lastSeenAt, faults } = state.health;
      if (lastSeenAt === null || faults.includes("offline")) continue;
      nextAt = Math.min(nextAt ?? Infinity, lastSeenAt + record.config.offlineSeconds * 1000 + 1);
    }
    return nextAt;
  }

  #remember(record: CameraRecord, state: CameraState): void {
    this.#entries.set(record.id, {
      record,
      state,
      savedAt: 0,
      recent: [],
      pictures: new Map(),
      watchedUntil: 0,
    });
  }

  #save(entry: CameraEntry, now: number): void {
    this.#store.putState(entry.record.id, entry.state);
    entry.savedAt = now;
  }

  #remind(
    entry: CameraEntry,
    { picture, ...report }: FrameReport,
    mapped: { readonly label: string | null; readonly probability: number },
    verdict: RecentFrame["verdict"],
    watched: boolean,
  ): void {
    let number: number | null = null;
    if (watched && picture !== null) {
      number = ++this.#pictures;
      entry.pictures.set(number, picture);
      for (const old of entry.pictures.keys()) {
        if (entry.pictures.size > keptPictures) entry.pictures.delete(old);
      }
    }
    const shown: RecentFrame = {
      at: new Date(
        report.at !== null && entry.record.config.clock === "camera" ? report.at : report.arrivedAt,
      ).toISOString(),
      outcome: report.outcome,
      verdict,
      predictions: [...report.predictions],
      unknown: report.unknown,
      vote: mapped.label,
      probability: mapped.probability,
      state: entry.state.label,
      luma: report.signals.luma,
      sharpness: report.signals.sharpness,
      picture: number,
    };
    entry.recent.push({ report, shown });
    if (entry.recent.length > keptFrames) entry.recent.shift();
  }

  async #prepare(
    { camera, origin }: SiteReport,
    config: CameraConfig | undefined,
    now: number,
  ): Promise<Candidate> {
    const candidate = newCandidate();
    if (config === undefined || config.snapshots === null) return candidate;
    const expiresAt = now + config.snapshots.keepHours * 3_600_000;
    const link = await this.#hooks.link(origin, camera, candidate.id, expiresAt);
    if (link === null) return candidate;
    return {
      ...candidate,
      snapshot: { link, key: objectKeys.cameraSnapshot(camera, candidate.id), expiresAt },
    };
  }

  /** Writes an event. */
  #record(camera: string, change: CameraChange, { id, snapshot }: Candidate): CameraEvent {
    const sequence = this.#store.nextSequence();
    const base = { sequence, camera, site: siteOf(camera), at: new Date(change.at).toISOString() };
    if (change.kind === "health") {
      const { fault, active } = change;
      return this.#write({ ...base, id: crypto.randomUUID(), type: "camera.health", fault, active });
    }
    if (snapshot !== null) this.#store.putSnapshot(snapshot.key, camera, snapshot.expiresAt);
    return this.#write({
      ...base,
      id,
      type: "camera.state",
      label: change.label,
      probability: Math.round(change.probability * 1e4) / 1e4,
      previous: change.previous,
      previousSince: new Date(change.previousSince).toISOString(),
      snapshot: snapshot?.link ?? null,
    });
  }

  #write(event: CameraEvent): CameraEvent {
    this.#store.addEvent(event);
    return event;
  }
}

function newCandidate(): Candidate {
  return { id: crypto.randomUUID(), snapshot: null };
}

function isAdmitted(record: CameraRecord, { revision, tokenSha256 }: SiteReport, now: number): boolean {
  if (record.revision !== revision) return false;
  return (
    tokenSha256 === null ||
    record.tokens.some((token) => token.sha256 === tokenSha256 && isActive(token, now))
  );
}
