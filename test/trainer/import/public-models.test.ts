import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCodec } from "../../../trainer/assets.ts";
import { readRange } from "../../../trainer/data/file-tree.ts";
import { openFileTree } from "../../../trainer/data/open-file-tree.ts";
import { withBundle } from "../../../trainer/release/verify.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { importBytes } from "./import-tiny.ts";

const data = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const present = existsSync(join(data, "photos.tar.gz"));

/** A photo and the name of its ImageNet class. */
interface Photo {
  readonly bytes: Uint8Array;
  readonly name: string;
}

let folder: string;
const photos: Photo[] = [];

beforeAll(async () => {
  await openInference();
  folder = await mkdtemp(join(tmpdir(), "edgewise-photos-"));
  if (!present) return;
  const { files } = await openFileTree(join(data, "photos.tar.gz"), folder);
  for (const file of files) {
    const name = /n\d{8}_(.+)\.JPEG$/.exec(file.path)?.[1];
    if (name !== undefined)
      photos.push({ bytes: await readRange(file.range), name: name.replaceAll("_", " ") });
  }
});

afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(!present)("models of the public (need ../shared/data)", () => {
  // What TensorFlow Lite's own interpreter (npm @tensorflow/tfjs-tflite 0.0.1-alpha.10) has right on the same pixels.
  // Its coded probabilities tie now and then, which costs it up to 3 photos.
  it.each([
    ["mobilenet_v1_0.25_128_quant", "uint8", 52],
    ["mobilenet_v1_0.5_160_quant", "uint8", 72],
    ["mobilenet_v2_1.0_224_quant", "uint8", 92],
    ["tf2_mobilenet_v2_1.0_224_ptq", "uint8-per-channel", 89],
  ])("has %s, stored as %s, right on %i of 100 photos, give or take 3", async (model, scheme, right) => {
    const file = await readFile(join(data, "models", `${model}.tflite`));
    const labels = await readFile(join(data, "models", "imagenet_labels.txt"), "utf8");
    const bundle = await importBytes(new Uint8Array(file), labels);
    expect(bundle.manifest.quantization.scheme).toBe(scheme);
    expect(bundle.weightBytes).toBeLessThan(3_700_000);
    const found = await withBundle(bundle, loadCodec(), (classifier) =>
      photos.filter(({ bytes, name }) => {
        // Labels list synonyms, "tiger shark, Galeocerdo cuvieri"; files are named after the first.
        const [top] = classifier.classify(bytes, { topK: 1 }).predictions;
        return top?.label.split(/, | \(class/)[0] === name;
      }),
    );
    expect(photos).toHaveLength(100);
    expect(Math.abs(found.length - right)).toBeLessThanOrEqual(3);
  });
});
