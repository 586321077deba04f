import { join } from "node:path";
import { prices } from "../../../infra/cost/prices.ts";
import { loadJpegEncoder } from "../../../trainer/assets.ts";
import { promote } from "../../../trainer/release/promote.ts";
import { publishVersion, type UnpublishedVersion } from "../../../trainer/release/publish.ts";
import { type LocalWorker, startLocalWorker } from "../../../trainer/serving/local-worker.ts";
import { buildWorkerArtefact, type WorkerArtefact } from "../../../trainer/serving/worker-artefact.ts";
import type { Suite } from "../suite.ts";
import { provenBundle } from "../workloads/bundle-folder.ts";
import { isolateCpuMs, threadCpuMs, workerdCpuMs } from "../workerd/processor-time.ts";
import { drawnPhoto } from "../workloads/drawn-photo.ts";
import { nets } from "../workloads/nets.ts";

const freshIsolates = 7;
const port = 18_787;

/** The whole Worker in workerd: its first answer in a fresh isolate, and the processor time of a warm request. */
export const workerSuite: Suite = async ({ folder, note }) => {
  const artefact = await buildWorkerArtefact(join(folder, "worker"));
  const photo = loadJpegEncoder()(drawnPhoto(640, 480, 1), 90);
  for (const name of ["mobilenet_v1_0.25_128", "mobilenet_v2_1.0_224"] as const) {
    const bundle = await provenBundle({ ...nets[name], storage: "uint8" });
    const firstMs: number[] = [];
    const firstCpuMs: number[] = [];
    const firstIsolateMs: number[] = [];
    let cpuMs = Number.NaN;
    for (let isolate = 0; isolate < freshIsolates; isolate++) {
      await withWorker(artefact, bundle, async (worker) => {
        const started = performance.now();
        const before = workerdCpuMs();
        const threads = threadCpuMs();
        await classify(worker, photo);
        firstIsolateMs.push(isolateCpuMs(threads));
        firstMs.push(performance.now() - started);
        firstCpuMs.push(workerdCpuMs() - before);
        if (isolate === 0) cpuMs = await cpuOfRequests(worker, photo);
      });
    }
    note({
      name: `${name}/first-request-ms`,
      value: median(firstMs),
      meaning: `ms to the first answer of a fresh isolate, golden vectors checked: ${spread(firstMs)}`,
    });
    note({
      name: `${name}/first-request-cpu-ms`,
      value: median(firstCpuMs),
      meaning: `ms of processor time of workerd for it, all threads: ${spread(firstCpuMs)}`,
    });
    note({
      name: `${name}/first-request-isolate-ms`,
      value: median(firstIsolateMs),
      meaning: `ms of it by the thread of the isolate, the object store's included: ${spread(firstIsolateMs)}`,
    });
    note({
      name: `${name}/request-cpu-ms`,
      value: cpuMs,
      meaning: "ms of processor time of workerd a warm request, 640x480 JPEG, HTTP and all",
    });
    note({
      name: `${name}/thousand-dollars`,
      value: thousandDollars(cpuMs),
      meaning: `dollars for 1,000 of them beyond what the plan includes, by Cloudflare's prices of ${prices.notedOn}`,
    });
  }
};

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

async function withWorker(
  artefact: WorkerArtefact,
  bundle: UnpublishedVersion,
  use: (worker: LocalWorker) => Promise<void>,
): Promise<void> {
  const worker = await startLocalWorker(artefact, { host: "127.0.0.1", port, open: true });
  try {
    const { model, version } = await publishVersion(worker.bucket, bundle);
    await promote(worker.bucket, { model, version, alias: "champion", by: "bench", now: () => new Date() });
    await use(worker);
  } finally {
    await worker.stop();
  }
}

async function classify({ url }: LocalWorker, photo: Uint8Array): Promise<void> {
  const headers = { "content-type": "image/jpeg" };
  const response = await fetch(`${url}/classify`, { method: "POST", headers, body: Buffer.from(photo) });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${answer}`);
}

/** Processor milliseconds of workerd a request, the least of some blocks; Linux only. */
async function cpuOfRequests(worker: LocalWorker, photo: Uint8Array): Promise<number> {
  const requests = 50;
  for (let i = 0; i < 4 * requests; i++) await classify(worker, photo);
  let least = Number.POSITIVE_INFINITY;
  for (let block = 0; block < 8; block++) {
    const before = workerdCpuMs();
    for (let i = 0; i < requests; i++) await classify(worker, photo);
    least = Math.min(least, (workerdCpuMs() - before) / requests);
  }
  return least;
}
