import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { defaultAlias } from "../../shared/contract/names.ts";
import { copyModels } from "../../shared/store/copy-models.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { askWorker, shareOut } from "../data/worker-requests.ts";
import type { Reporter } from "../job/reporter.ts";
import { type LocalWorker, servingWorkerName, startLocalWorker } from "../serving/local-worker.ts";
import { buildWorkerArtefact } from "../serving/worker-artefact.ts";
import { throwIfAborted } from "../terminal/interrupt.ts";
import { rowsOfSite } from "./camera-client.ts";
import { type CameraMonth, costOfMonth } from "./cost.ts";
import { openHeapProbe } from "./live-heap.ts";
import { measureSustained, type Sustained } from "./measure-sustained.ts";
import { type DrawnCamera, replayCameras } from "./replay-cameras.ts";
import { type Score, scoreRuns } from "./score.ts";
import type { SeriesRequest } from "./series-worker.ts";
import { planTimeline, type Timeline } from "./timeline.ts";
import { useOfWorkerd } from "./workerd-process.ts";

/** Options of {@link runSimulation}. */
export interface SimulationOptions {
  readonly cameras: number;
  /** Each camera sends a frame a second for so long. */
  readonly seconds: number;
  readonly seed: number;
  /** Frames of each endurance run; 0 for none. */
  readonly sustainFrames: number;
  readonly model: string;
}

/** What came of a simulation. */
export interface SimulationResult extends Score {
  readonly cameras: number;
  readonly seconds: number;
  readonly posts: number;
  /** Of the frames that counted, the share that took over a classification. */
  readonly dedupShare: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** The same by somebody who tells whenever a frame's top class is another than the one before. */
  readonly perFrameTrigger: Score;
  readonly use: {
    readonly cpuMsPerFrame: number | null;
    readonly rowsReadPerFrame: number;
    readonly rowsWrittenPerFrame: number;
  };
  /** US dollars, without what the plan includes; `null` where the machine does not tell what a process uses. */
  readonly cameraMonth: { readonly everySecond: CameraMonth; readonly everyTenSeconds: CameraMonth } | null;
  readonly sustained: {
    readonly dedup: Sustained;
    readonly noDedup: Sustained;
  } | null;
}

const site = "simulation";
const mostThreads = 4;

/** Draws what cameras see, lets them post it to the Worker in workerd, and scores what they are told. */
export async function runSimulation(
  store: ObjectStore,
  options: SimulationOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<SimulationResult> {
  const cameras = await drawCameras(options, reporter, signal);
  const folder = await mkdtemp(join(tmpdir(), "edgewise-simulation-"));
  try {
    const artefact = await buildWorkerArtefact(join(folder, "worker"));
    const worker = await startLocalWorker(artefact, {
      port: 0,
      host: "127.0.0.1",
      open: true,
      inspect: true,
      direct: true,
      vars: { MODEL: options.model, ALIAS: defaultAlias },
    });
    try {
      await copyModels(store, worker.bucket);
      return await simulate(worker, cameras, options, reporter, signal);
    } finally {
      await worker.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function drawCameras(
  { cameras, seconds, seed }: SimulationOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<readonly DrawnCamera[]> {
  const timelines = Array.from({ length: cameras }, (_, camera) => planTimeline(seed, camera, seconds));
  const threads = Math.min(mostThreads, availableParallelism(), cameras);
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("series-worker.ts", import.meta.url)),
  );
  const drawn = new Map<Timeline, readonly Uint8Array[]>();
  const bar = reporter.progress("draw");
  try {
    await shareOut(workers, timelines, async (worker, timeline) => {
      throwIfAborted(signal, "the simulation");
      const request: SeriesRequest = { seed, timeline };
      drawn.set(timeline, await askWorker<Uint8Array[]>(worker, request));
      bar.update(drawn.size, cameras);
    });
  } finally {
    bar.end();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return timelines.map((timeline) => ({ timeline, frames: drawn.get(timeline) ?? [] }));
}

async function simulate(
  worker: LocalWorker,
  cameras: readonly DrawnCamera[],
  options: SimulationOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<SimulationResult> {
  const { url } = worker;
  const bar = reporter.progress("post");
  const before = useOfWorkerd();
  const replay = await replayCameras(url, site, cameras, (done, total) => {
    throwIfAborted(signal, "the simulation");
    bar.update(done, total);
  });
  const after = useOfWorkerd();
  bar.end();
  const rows = await rowsOfSite(url, site);
  const cpuMs = before === null || after === null ? null : (after.cpuMs - before.cpuMs) / replay.posts;
  const use = {
    cpuMsPerFrame: cpuMs,
    rowsReadPerFrame: rows.rowsRead / replay.posts,
    rowsWrittenPerFrame: rows.rowsWritten / replay.posts,
  };
  return {
    cameras: cameras.length,
    seconds: options.seconds,
    posts: replay.posts,
    ...scoreRuns(replay.decided, options.seconds),
    dedupShare: replay.reused / Math.max(1, replay.counted),
    dropped: replay.dropped,
    perFrameTrigger: scoreRuns(replay.perFrame, options.seconds),
    use,
    cameraMonth: cpuMs === null ? null : monthsOf(cpuMs, use),
    sustained: await sustain(worker, cameras, options, reporter, signal),
  };
}

/** An alarm a minute looks whether cameras fell silent, for all of a site. */
function monthsOf(
  cpuMs: number,
  { rowsReadPerFrame, rowsWrittenPerFrame }: SimulationResult["use"],
): NonNullable<SimulationResult["cameraMonth"]> {
  const perFrame = (everySeconds: number): CameraMonth =>
    costOfMonth(
      {
        cpuMs,
        rowsRead: rowsReadPerFrame,
        // the alarm is a row, too
        rowsWritten: rowsWrittenPerFrame + everySeconds / 60,
        objectRequests: 1 + everySeconds / 60,
      },
      everySeconds,
    );
  return { everySecond: perFrame(1), everyTenSeconds: perFrame(10) };
}

async function sustain(
  { url, inspectorUrl }: LocalWorker,
  cameras: readonly DrawnCamera[],
  { sustainFrames }: SimulationOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<SimulationResult["sustained"]> {
  const frames = cameras[0]?.frames ?? [];
  if (sustainFrames === 0 || frames.length === 0 || inspectorUrl === null) return null;
  const heap = await openHeapProbe(inspectorUrl, servingWorkerName);
  const run = async (name: string, dedup: boolean): Promise<Sustained> => {
    const bar = reporter.progress(name);
    const measured = await measureSustained(
      url,
      `sustained.${name}`,
      frames,
      sustainFrames,
      dedup,
      heap,
      (done, total) => {
        throwIfAborted(signal, "the simulation");
        bar.update(done, total);
      },
    );
    bar.end();
    return measured;
  };
  try {
    return {
      dedup: await run("dedup", true),
      noDedup: await run("no-dedup", false),
    };
  } finally {
    heap.close();
  }
}
