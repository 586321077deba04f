import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { indexDataset } from "../../../trainer/data/dataset-index.ts";
import { uploadDataset } from "../../../trainer/data/dataset-store.ts";
import { runJobTask } from "../../../trainer/pipeline/jobs.ts";
import { twoClasses, writeFiles } from "../data/small-dataset.ts";
import { openPipelineBench, type PipelineBench, quickSettings } from "./pipeline-bench.ts";

let folder: string;
let bench: PipelineBench;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-pipeline-audit-"));
  bench = openPipelineBench(folder);
});
afterEach(() => rm(folder, { recursive: true }));

/** Uploads a dataset, spoils it and audits it as a run does. */
async function audit(
  changes: Record<string, Uint8Array>,
  spoil: (digests: readonly string[]) => Promise<void> = async () => undefined,
) {
  const path = join(folder, "images");
  await writeFiles(path, { ...twoClasses(12), ...changes });
  const dataset = await indexDataset({ path, cacheRoot: folder, name: "gate", threads: 1 });
  await uploadDataset(bench.context.record, dataset);
  await spoil(dataset.manifest.images.map(({ sha256 }) => sha256));
  bench.running.add("one");
  const request = { settings: quickSettings() };
  const { runId } = await bench.decide({ task: "begin", execution: "one", request });
  await bench.decide({ task: "inspect", runId });
  await runJobTask(bench.jobContext, "audit", String(runId));
  const page = await bench.context.record.head(objectKeys.runFile(String(runId), "audit.html"));
  return { judged: await bench.decide({ task: "judge-data", runId }), page };
}

describe("the audit of a run", () => {
  it("lets a sound dataset through and leaves a page", async ({ expect }) => {
    const { judged, page } = await audit({});
    expect(judged).toMatchObject({ sound: true, images: 24, faults: 0 });
    expect(page?.sizeBytes).toBeGreaterThan(1000);
  });

  it("stops where more images are missing than may", async ({ expect }) => {
    const { judged } = await audit({}, async (digests) => {
      for (const sha256 of digests.slice(0, 2)) {
        await bench.context.record.delete(objectKeys.datasetImage("gate", sha256));
      }
    });
    expect(judged).toMatchObject({ sound: false, faults: 2 });
    expect(judged["findings"]).toContain("2 of 24 images cannot be used, 5.0 % may");
  });

  it("stops where a picture lies under two labels", async ({ expect }) => {
    const twin = twoClasses(1)["person/0.jpg"] ?? new Uint8Array();
    const { judged } = await audit({ "vehicle/twin.jpg": twin });
    expect(judged).toMatchObject({ sound: false, faults: 0 });
    expect(judged["findings"]).toContain("2 of 25 images have errors, 1.0 % may");
  });
});
