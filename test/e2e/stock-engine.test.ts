import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalWorker, startLocalWorker } from "../../trainer/serving/local-worker.ts";
import { buildWorkerArtefact } from "../../trainer/serving/worker-artefact.ts";
import { handMadeBundle, putAlias, putVersion } from "../fixtures/hand-made-bundle.ts";
import { solidPng } from "../fixtures/png.ts";

let folder: string;
let worker: LocalWorker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-stock-"));
  const artefact = await buildWorkerArtefact(join(folder, "worker"));
  worker = await startLocalWorker(artefact, { host: "127.0.0.1", port: 0, open: true });
});

afterAll(async () => {
  await worker.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("the built Worker", () => {
  it("serves by stock tfjs when our kernels differ from what was published, and says so", async () => {
    const bundle = await handMadeBundle({
      editManifest: (manifest) => {
        const vectors = manifest.golden.vectors.map((vector) => ({
          ...vector,
          logits: vector.logits.map((logit, i) => logit + 0.01 * i),
        }));
        manifest.golden = { tolerance: 1, vectors };
      },
    });
    await putVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, bundle);

    const headers = { "content-type": "image/png" };
    const body = Buffer.from(solidPng(20, 30, [0, 255, 0]));
    const answer = await fetch(`${worker.url}/classify`, { method: "POST", headers, body });
    expect(await answer.json()).toMatchObject({ predictions: [{ label: "green" }, {}, {}] });
    const ready = await (await fetch(`${worker.url}/health/ready`)).json();
    expect(ready).toMatchObject({ selfTest: { atLoad: { engine: "tfjs" }, now: { engine: "tfjs" } } });
  });
});
