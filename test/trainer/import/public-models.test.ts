import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadCodec } from "../../../trainer/assets.ts";
import { withBundle } from "../../../trainer/release/verify.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { importBytes } from "./import-tiny.ts";
import { hasPublicData, isLabelOf, type Photo, publicData, readPhotos } from "./photos.ts";

let photos: readonly Photo[];

beforeAll(async () => {
  await openInference();
  photos = hasPublicData ? await readPhotos() : [];
});

describe.skipIf(!hasPublicData)("models of the public (need ../shared/data)", () => {
  // What TensorFlow Lite's own interpreter (npm @tensorflow/tfjs-tflite 0.0.1-alpha.10) has right on the same pixels.
  // Its coded probabilities tie now and then, which costs it up to 3 photos.
  it.each([
    ["mobilenet_v1_0.25_128_quant", "uint8", 52],
    ["mobilenet_v1_0.5_160_quant", "uint8", 72],
    ["mobilenet_v2_1.0_224_quant", "uint8", 92],
    ["tf2_mobilenet_v2_1.0_224_ptq", "uint8-per-channel", 89],
  ])("has %s, stored as %s, right on %i of 100 photos, give or take 3", async (model, scheme, right) => {
    const file = await readFile(join(publicData, "models", `${model}.tflite`));
    const labels = await readFile(join(publicData, "models", "imagenet_labels.txt"), "utf8");
    const bundle = await importBytes(new Uint8Array(file), labels);
    expect(bundle.manifest.quantization.scheme).toBe(scheme);
    expect(bundle.manifest.activationGrids).toBeDefined();
    expect(bundle.weightBytes).toBeLessThan(3_700_000);
    const found = await withBundle(bundle, loadCodec(), (classifier) =>
      photos.filter((photo) => {
        const [top] = classifier.classify(photo.bytes, { topK: 1 }).predictions;
        return isLabelOf(photo, top?.label);
      }),
    );
    expect(photos).toHaveLength(100);
    expect(Math.abs(found.length - right)).toBeLessThanOrEqual(3);
  });
});
