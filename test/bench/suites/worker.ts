import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { prices } from "../../../infra/cost/prices.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { loadJpegEncoder } from "../../../trainer/assets.ts";
import { promote } from "../../../trainer/release/promote.ts";
import { publishVersion, type UnpublishedVersion } from "../../../trainer/release/publish.ts";
import { startLocalWorker } from "../../../trainer/serving/local-worker.ts";
import { buildWorkerArtefact, type WorkerArtefact } from "../../../trainer/serving/worker-artefact.ts";
import type { Suite } from "../suite.ts";
import { provenBundle } from "../workloads/bundle-folder.ts";
import { startIsolates } from "../workerd/fresh-isolates.ts";
import { isolateCpuMs, threadCpuMs, workerdCpuMs } from "../workerd/processor-time.ts";
import { drawnPhoto } from "../workloads/drawn-photo.ts";
import { nets } from "../workloads/nets.ts";

/** Processes, and in each isolates; the first of them pays for what is new to the process. */
const processes = 2;
const isolates = 8;
const localStarts = 3;
const port = 18_787;

/** Processor time of the first answer that an isolate gives: of its thread, and of all of workerd's. */
interface FirstAnswer {
  readonly threadMs: number;
  readonly allMs: number;
}

/** The whole Worker in workerd: its first answer in a fresh isolate, and the processor time of a warm request. */
export const workerSuite: Suite = async ({ folder, note }) => {
  const artefact = await buildWorkerArtefact(join(folder, "worker"));
  const photo = loadJpegEncoder()(drawnPhoto(640, 480, 1), 90);
  note({
    name: "isolate-start-ms",
    value: await startCpuMs(artefact),
    meaning:
      "ms of processor time of workerd an isolate until its first request: V8's own, modules, top-level code",
  });
  for (const name of ["mobilenet_v1_0.25_128", "mobilenet_v2_1.0_224"] as const) {
    const bundle = await provenBundle({ ...nets[name], storage: "uint8" });
    const firsts: FirstAnswer[] = [];
    const fresh: FirstAnswer[] = [];
    const warm: number[] = [];
    for (let process = 0; process < processes; process++) {
      const store = createMemoryStore();
      await release(store, bundle);
      const running = await startIsolates(artefact, store, isolates);
      const answers: FirstAnswer[] = [];
      for (const url of running.urls) answers.push(await firstAnswer(url, photo));
      firsts.push(...answers.slice(0, 1));
      fresh.push(...answers.slice(1));
      warm.push(...(await cpuOfRequests(running.urls[0] ?? "", photo)));
      await running.stop();
    }
    const local: FirstAnswer[] = [];
    for (let start = 0; start < localStarts; start++)
      local.push(await firstLocalAnswer(artefact, bundle, photo));
    const thread = (answers: readonly FirstAnswer[]): number[] => answers.map(({ threadMs }) => threadMs);
    const figures: readonly (readonly [string, readonly number[], string])[] = [
      [
        "first-request-isolate-ms",
        thread(fresh),
        "of a fresh isolate's thread to its first answer, a golden vector checked",
      ],
      ["first-request-cpu-ms", fresh.map(({ allMs }) => allMs), "the same, of all threads of workerd"],
      [
        "first-request-process-ms",
        thread(firsts),
        "of the thread, where the process had answered nothing yet",
      ],
      [
        "first-request-local-ms",
        thread(local),
        "that too, with Miniflare's proxy and bucket on the thread, as npm start has it",
      ],
    ];
    for (const [key, values, meaning] of figures) {
      note({ name: `${name}/${key}`, value: median(values), meaning: `ms ${meaning}: ${spread(values)}` });
    }
    note({
      name: `${name}/request-cpu-ms`,
      value: median(warm),
      meaning: `ms of processor time of workerd a warm request, 640x480 JPEG, HTTP and all: ${spread(warm)}`,
    });
    note({
      name: `${name}/thousand-dollars`,
      value: thousandDollars(median(warm)),
      meaning: `dollars for 1,000 of them beyond what the plan includes, by Cloudflare's prices of ${prices.notedOn}`,
    });
  }
};

/** What several isolates take beyond what the process with one of them does, by the isolate. */
async function startCpuMs(artefact: WorkerArtefact): Promise<number> {
  const spentMs = async (count: number): Promise<number> => {
    const running = await startIsolates(artefact, createMemoryStore(), count);
    // WebAssembly is compiled beside
    await wait(500);
    const ms = workerdCpuMs();
    await running.stop();
    return ms;
  };
  const alone = await spentMs(1);
  return ((await spentMs(1 + isolates)) - alone) / isolates;
}

/** Of a Worker alone: requests and processor time; what is warm asks no store. */
function thousandDollars(cpuMsARequest: number): number {
  return (prices.workersMillionRequests + cpuMsARequest * prices.workersMillionCpuMs) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function spread(values: readonly number[]): string {
  return `median of ${values.length}, least ${Math.min(...values).toFixed(1)}`;
}

async function release(store: ObjectStore, bundle: UnpublishedVersion): Promise<void> {
  const { model, version } = await publishVersion(store, bundle);
  await promote(store, { model, version, alias: "champion", by: "bench", now: () => new Date() });
}

async function firstAnswer(url: string, photo: Uint8Array): Promise<FirstAnswer> {
  const all = workerdCpuMs();
  const threads = threadCpuMs();
  await classify(url, photo);
  return { threadMs: isolateCpuMs(threads), allMs: workerdCpuMs() - all };
}

async function firstLocalAnswer(
  artefact: WorkerArtefact,
  bundle: UnpublishedVersion,
  photo: Uint8Array,
): Promise<FirstAnswer> {
  const worker = await startLocalWorker(artefact, { host: "127.0.0.1", port, open: true });
  try {
    await release(worker.bucket, bundle);
    return await firstAnswer(worker.url, photo);
  } finally {
    await worker.stop();
  }
}

async function classify(url: string, photo: Uint8Array): Promise<void> {
  const headers = { "content-type": "image/jpeg" };
  const response = await fetch(`${url}/classify`, { method: "POST", headers, body: Buffer.from(photo) });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${answer}`);
}

/** Processor milliseconds of workerd a request, of each of some blocks; Linux only. */
async function cpuOfRequests(url: string, photo: Uint8Array): Promise<number[]> {
  const requests = 50;
  for (let i = 0; i < 16 * requests; i++) await classify(url, photo);
  const blocks: number[] = [];
  for (let block = 0; block < 8; block++) {
    const before = workerdCpuMs();
    for (let i = 0; i < requests; i++) await classify(url, photo);
    blocks.push((workerdCpuMs() - before) / requests);
  }
  return blocks;
}
