import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { openCameraState } from "./camera-state.ts";
import { createWorkerCopy } from "./copy-to-worker.ts";
import { followStore } from "./follow-store.ts";
import { type LocalWorker, startLocalWorker } from "./local-worker.ts";
import { buildWorkerArtefact } from "./worker-artefact.ts";
import { readLogLine } from "./worker-log.ts";

/** A Worker that serves a store. */
export interface Serving {
  /** Where it answers. */
  readonly url: string;
  stop(): Promise<void>;
}

/** How a store is served. */
export interface ServingOptions {
  readonly port: number;
  readonly host: string;
  /** Whether callers on this machine need no API key. */
  readonly open: boolean;
  /** The model that requests without a model's name get. */
  readonly model: string;
  /** What is remembered of cameras outlives the Worker here; without it, cameras go with it. */
  readonly cameras?: {
    readonly folder: string;
    /** Hosts that webhooks may go to, separated by commas. */
    readonly webhookHosts: string;
  };
  /** Receives a line about each thing worth knowing. */
  readonly say: (line: string) => void;
  /** Receives a line about each request that went as it should. */
  readonly sayRoutine: (line: string) => void;
}

const followIntervalMs = 1000;

/**
 * Builds the Worker, copies the store's published versions to its bucket, and follows later publications.
 * @param store where models are published; the record, which the bucket copies
 */
export async function openServing(store: ObjectStore, options: ServingOptions): Promise<Serving> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-worker-"));
  const stopping = new AbortController();
  let following: Promise<void> = Promise.resolve();
  let started: LocalWorker | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    await following;
    try {
      await started?.stop();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  try {
    const artefact = await buildWorkerArtefact(join(folder, "worker"));
    const { cameras } = options;
    const state = cameras === undefined ? null : await openCameraState(cameras.folder);
    const worker = await startLocalWorker(artefact, {
      port: options.port,
      host: options.host,
      open: options.open,
      onLog: (line) => {
        const { routine, text } = readLogLine(line);
        if (routine) options.sayRoutine(text);
        else options.say(text);
      },
      vars: {
        MODEL: options.model,
        ALIAS_POLL_SECONDS: "1",
        WEBHOOK_HOSTS: cameras?.webhookHosts ?? "",
        ...(state === null ? {} : { CAMERA_KEY: state.key }),
      },
      ...(state === null ? {} : { stateFolder: state.folder }),
    });
    started = worker;
    const copy = createWorkerCopy(store, worker.bucket, options.say);
    await copy();
    following = followStore(copy, {
      intervalMs: followIntervalMs,
      signal: stopping.signal,
      onError: (error) => options.say(`cannot follow the store: ${String(error)}`),
    });
    return { url: worker.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
