import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { manifestSchema } from "../../../shared/contract/manifest.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { listModels } from "../../../trainer/release/list-models.ts";
import { openPublished } from "../../../trainer/release/load-published.ts";
import { promote } from "../../../trainer/release/promote.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { withBundle } from "../../../trainer/release/verify.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { useWasm } from "../release/backends.ts";
import { createRandom } from "../release/random.ts";
import { importBytes } from "./import-tiny.ts";
import { runTiny } from "./tiny-reference.ts";
import { tinyTflite, type TinyStorage } from "./tiny-tflite.ts";

const codec = loadCodec();

/** A normalised image of the tiny model's size. */
function drawInput(seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: 9 * 9 * 3 }, () => random.uniform() * 2 - 1);
}

function largestDelta(got: ArrayLike<number>, wanted: readonly number[]): number {
  expect(got).toHaveLength(wanted.length);
  return Math.max(...wanted.map((value, i) => Math.abs(value - (got[i] as number))));
}

function joined(files: readonly { readonly bytes: Uint8Array }[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(files.map(({ bytes }) => bytes)));
}

beforeAll(useWasm);

describe("importModel", () => {
  it.each<[TinyStorage, string]>([
    ["uint8", "uint8"],
    ["int8-per-channel", "uint8-per-channel"],
    ["float32", "none"],
    ["float16", "float16"],
  ])("computes what a file with %s weights says, and stores them as %s", async (storage, scheme) => {
    const tiny = tinyTflite(storage);
    const bundle = await importBytes(tiny.file);
    expect(bundle.manifest.quantization.scheme).toBe(scheme);
    await withBundle(bundle, codec, (classifier) => {
      for (const seed of [1, 2, 3]) {
        const wanted = runTiny(tiny, drawInput(seed));
        const { logits, embedding } = classifier.infer(drawInput(seed), 1, { embedding: true });
        expect(largestDelta(logits, wanted.logits)).toBeLessThan(1e-4);
        expect(largestDelta(embedding ?? [], wanted.embedding)).toBeLessThan(1e-4);
      }
    });
  });

  it("keeps a scale for each channel beside the codes, as any tfjs client computes it", async () => {
    const bundle = await importBytes(tinyTflite("int8-per-channel").file);
    const [json, ...shards] = bundle.files.filter(({ path }) => /^(model\.json|group1.*)$/.test(path));
    const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(json?.bytes));
    const [{ weights }] = weightsManifest;
    const stored: { dtype: string; shape: number[]; quantization?: { dtype: string } }[] = weights;
    const codes = stored.filter(({ quantization }) => quantization?.dtype === "uint8");
    expect(codes.length).toBeGreaterThan(2);
    const stock = await loadGraphModel(
      tf.io.fromMemory({ modelTopology, weightSpecs: weights, weightData: joined(shards).buffer }),
    );
    const byTfjs = tf.tidy(() => {
      const logits = stock.execute({ input: tf.tensor4d(drawInput(1), [1, 9, 9, 3]) }, "logits");
      return Array.isArray(logits) ? [] : [...logits.dataSync()];
    });
    stock.dispose();
    await withBundle(bundle, codec, (classifier) => {
      expect(largestDelta(classifier.infer(drawInput(1)).logits, byTfjs)).toBeLessThan(1e-5);
    });
  });

  it("computes batches", async () => {
    const bundle = await importBytes(tinyTflite("uint8").file);
    await withBundle(bundle, codec, (classifier) => {
      const [a, b] = [drawInput(1), drawInput(2)];
      const both = classifier.infer(Float32Array.from([...a, ...b]), 2).logits;
      const single = [a, b].flatMap((image) => [...classifier.infer(image).logits]);
      expect(largestDelta(both, single)).toBeLessThan(1e-5);
    });
  });

  it("keeps the codes of uint8 weights and what they stand for, to the bit", async () => {
    const tiny = tinyTflite("uint8");
    const { files } = await importBytes(tiny.file);
    const [json, shard] = files;
    const { weightsManifest } = JSON.parse(new TextDecoder().decode(json?.bytes));
    let offset = 0;
    let compared = 0;
    for (const spec of weightsManifest[0].weights) {
      const count = spec.shape.reduce((a: number, b: number) => a * b, 1);
      const bytes = shard?.bytes.subarray(offset, offset + count * (spec.quantization ? 1 : 4));
      offset += bytes?.length ?? 0;
      const weights = tiny.weights.find(({ codes }) => codes.length === count);
      if (spec.quantization === undefined || weights === undefined) continue;
      const { scale, min } = spec.quantization;
      expect(Uint8Array.from(bytes ?? []).toSorted()).toEqual(weights.codes.toSorted());
      const values = Float32Array.from(bytes ?? [], (code) => code * scale + min);
      expect(values.toSorted()).toEqual(weights.values.toSorted());
      compared += 1;
    }
    expect(compared).toBe(3);
  });

  it("reads size and normalisation from the input, and nothing of what was not measured", async () => {
    const { manifest } = await importBytes(tinyTflite("uint8").file);
    expect(manifestSchema.parse(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
    expect(manifest.input).toMatchObject({ width: 9, height: 9, filter: "bilinear", fit: "cover-crop" });
    for (const [pixel, value] of [
      [0, -1],
      [128, 0],
      [255, 127 / 128],
    ] as const) {
      expect((pixel / 255 - manifest.input.mean[0]) / manifest.input.std[0]).toBeCloseTo(value, 6);
    }
    expect(manifest).toMatchObject({ metrics: null, temperature: 1, unknown: { rule: "none" } });
  });

  it("bounds logits to what their codes can hold", async () => {
    const tiny = tinyTflite("uint8", { logitCodes: { scale: 0.002, zeroPoint: 128 } });
    const free = runTiny(tiny, drawInput(1)).logits;
    expect(Math.max(...free.map(Math.abs))).toBeGreaterThan(0.3);
    await withBundle(await importBytes(tiny.file), codec, (classifier) => {
      const bounded = free.map((logit) => Math.min(127 * 0.002, Math.max(-128 * 0.002, logit)));
      expect(largestDelta(classifier.infer(drawInput(1)).logits, bounded)).toBeLessThan(1e-5);
    });
  });

  it.each([
    ["cut off what is negative where codes begin at 0", 1, [0, Infinity]],
    ["cut off what is above 6 as well where codes end there", 6 / 255, [0, 6]],
  ] as const)("has activations %s", async (_what, depthwiseScale, range) => {
    const tiny = tinyTflite("uint8", { depthwiseScale });
    // Pixels of ten times the usual contrast drive the sums beyond both ends.
    const input = drawInput(1).map((value) => 10 * value);
    const wanted = runTiny(tiny, input, range).logits;
    for (const other of [undefined, [0, range[1] === 6 ? Infinity : 6]] as const) {
      expect(largestDelta(runTiny(tiny, input, other).logits, wanted)).toBeGreaterThan(0.01);
    }
    await withBundle(await importBytes(tiny.file), codec, (classifier) => {
      expect(largestDelta(classifier.infer(input).logits, wanted)).toBeLessThan(1e-3);
    });
  });

  it("gives a version that is listed, served and proves itself, its card saying that nothing was measured", async () => {
    const bundle = await importBytes(tinyTflite("uint8").file);
    const store = createMemoryStore();
    const { version } = await publishVersion(store, bundle);
    const move = { model: "insects", alias: "champion", by: "test", now: () => new Date() };
    await promote(store, { ...move, version });
    const [listed] = await listModels(store);
    expect(listed?.versions).toMatchObject([{ version, usable: true }]);
    const { classifier } = await openPublished(store, "insects", "champion", codec);
    expect(classifier.selfTest().maxLogitDelta).toBe(0);
    classifier.dispose();
    const card = new TextDecoder().decode(bundle.files.find(({ path }) => path === "card.md")?.bytes);
    expect(card).toContain("not evaluated here");
    expect(card).toContain("insects.tflite");
    expect(card).not.toContain("null");
  });

  it("leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    await importBytes(tinyTflite("uint8").file);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [
      "an operator that is none of ours by its name",
      tinyTflite("uint8", { addCode: 14 }).file,
      /operator 3 \(LOGISTIC\)/,
    ],
    [
      "an operator nobody knows by its code",
      tinyTflite("uint8", { addCode: 150 }).file,
      /builtin operator 150/,
    ],
    ["another temperature of softmax", tinyTflite("uint8", { beta: 2 }).file, /SOFTMAX.*beta is 2/],
    ["a batch", tinyTflite("uint8", { inputShape: [4, 9, 9, 3] }).file, /takes \[4, 9, 9, 3\]/],
  ])("refuses %s", async (_what, file, message) => {
    await expect(importBytes(file)).rejects.toSatisfy(
      (error) => isAppError(error, "unsupported_model") && message.test(error.message),
    );
  });

  it("refuses a file whose shapes are not what its operators compute", async () => {
    const { file } = tinyTflite("uint8", { inputShape: [1, 12, 9, 3] });
    await expect(importBytes(file)).rejects.toThrow(/the file says \[1, 5, 5, 4\]/);
  });

  it("refuses labels that are not one for each class", async () => {
    const { file } = tinyTflite("uint8");
    await expect(importBytes(file, "ant\nbee\n")).rejects.toThrow(/2 labels, the model 3 classes/);
  });
});
