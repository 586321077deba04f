import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { manifestSchema } from "../../../shared/contract/manifest.ts";
import { parseJsonWith } from "../../../shared/contract/parse.ts";
import { evaluationSchema } from "../../../trainer/evaluation/evaluation-record.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { evaluateBundle } from "../../../trainer/evaluation/evaluate-bundle.ts";
import { checkCompilation } from "../../../trainer/release/check-compilation.ts";
import { openPublished } from "../../../trainer/release/load-published.ts";
import { promote } from "../../../trainer/release/promote.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { type Release, releaseModel } from "../../../trainer/release/release.ts";
import { withBundle } from "../../../trainer/release/verify.ts";
import { predictLogits } from "../../../trainer/training/validate.ts";
import { tinyFiles, type TinyReleaseInput, tinyReleaseInput } from "./tiny-release.ts";

/**
 * Makes the channels before the pooling differ by powers of ten without changing the function: one scale a tensor
 * cannot hold them, and equalisation must not reach across the pooling.
 */
function spreadChannels(model: LayersModel): void {
  const normalization = model.layers.filter((layer) => layer.getClassName() === "BatchNormalization").at(-1);
  const dense = model.layers.at(-1);
  const [gamma, beta, ...rest] = normalization?.getWeights() ?? [];
  const [kernel, bias] = dense?.getWeights() ?? [];
  if (!gamma || !beta || !kernel || !bias) throw new Error("the tiny model has other layers");
  const factors = tf.tensor1d(Array.from({ length: gamma.size }, (_, channel) => 10 ** ((channel % 8) - 3)));
  normalization?.setWeights([tf.mul(gamma, factors), tf.mul(beta, factors), ...rest]);
  dense?.setWeights([tf.div(kernel, tf.reshape(factors, [-1, 1])), bias]);
}

describe("releaseModel", () => {
  let input: TinyReleaseInput;
  let release: Release;
  let tensorsBefore = 0;
  let tensorsAfter = 0;

  beforeAll(async () => {
    input = await tinyReleaseInput(1);
    await releaseModel(input);
    tensorsBefore = tf.memory().numTensors;
    release = await releaseModel(input);
    tensorsAfter = tf.memory().numTensors;
  });

  it("gives a valid manifest whose files are what it lists", () => {
    expect(manifestSchema.parse(release.manifest)).toEqual(release.manifest);
    expect(release.files.map((file) => file.path)).toEqual(release.manifest.files.map((file) => file.path));
    expect(release.version).toMatch(/^20260131T235959Z-[0-9a-f]{8}$/);
  });

  it("compares every way of storing the weights afterwards, with times, the trained model gone", async () => {
    const tiny = await tinyReleaseInput(1);
    const { comparePrecisions, evaluation, manifest } = await releaseModel(tiny);
    tiny.layers.dispose();
    const { numTensors } = tf.memory();
    const compared: string[] = [];
    const { precisions, machine } = await comparePrecisions((scheme, done, total) => {
      if (done === total) compared.push(scheme);
    });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(machine).not.toBe("");
    expect(precisions.map(({ scheme }) => scheme)).toEqual([
      "trained net",
      "uint8",
      "uint8+float16",
      "float16",
      "float32",
    ]);
    const tried = evaluation.precisions ?? [];
    expect(compared).toEqual(precisions.slice(tried.length).map(({ scheme }) => scheme));
    expect(precisions.slice(0, tried.length)).toMatchObject(tried);
    expect(precisions.filter(({ published }) => published).map(({ scheme }) => scheme)).toEqual([
      manifest.quantization.scheme,
    ]);
    expect(precisions[0]?.milliseconds).toBeNull();
    for (const { milliseconds } of precisions.slice(1)) expect(milliseconds).toBeGreaterThan(0);
    const float = precisions.at(-1);
    expect(float).toMatchObject({ agreement: 1, top1: precisions[0]?.top1 });
    expect(float?.weightBytes).toBeGreaterThan(precisions[1]?.weightBytes ?? Infinity);
  });

  it("publishes the smallest candidate within the budget and keeps what it measured of the others", () => {
    const last = release.candidates.at(-1);
    expect(last?.shortfalls).toEqual([]);
    expect(last?.scheme).toBe(release.manifest.quantization.scheme);
    for (const candidate of release.candidates.slice(0, -1)) expect(candidate.shortfalls).not.toEqual([]);
    expect(release.weightBytes).toBeLessThan(release.floatBytes);
  });

  it("lists evaluation.json, which says of the published bundle what the manifest says in short", () => {
    const file = release.files.find(({ path }) => path === "evaluation.json");
    const evaluation = parseJsonWith(
      evaluationSchema,
      new TextDecoder().decode(file?.bytes),
      "evaluation.json",
    );
    const { bundle, float } = release.manifest.metrics;
    expect(evaluation.images).toBe(bundle.images);
    expect(evaluation.top1.share).toBeCloseTo(bundle.top1Accuracy, 12);
    expect(evaluation.top1.low).toBeLessThan(bundle.top1Accuracy);
    expect(evaluation.confusions.reduce((sum, [, , images]) => sum + images, 0)).toBe(bundle.images);
    expect(evaluation.precisions?.map(({ scheme }) => scheme)).toEqual([
      "trained net",
      release.manifest.quantization.scheme,
    ]);
    expect(evaluation.precisions?.[0]?.top1.share).toBeCloseTo(float.top1Accuracy, 12);
    expect(evaluation.unknown?.rule).toBe(release.manifest.unknown.rule);
    expect(evaluation.unknown?.heldOut).toEqual(["ant", "bee", "cat"]);
  });

  it("aims its thresholds at the precision that is wanted, and its card says where they fall short", async () => {
    const wanted = { precision: 0.99, unknownFraction: 0.01 };
    const strict = await releaseModel({ ...input, targets: wanted });
    const { precisionTarget } = strict.evaluation;
    expect(release.evaluation.precisionTarget?.precision).toBe(0.95);
    // the images are drawn at random, and so are the answers
    expect(precisionTarget).toMatchObject({ precision: 0.99, missed: [{ label: "ant" }, {}, {}] });
    expect(strict.manifest.thresholds[0]).toBeGreaterThan(0);
    const card = new TextDecoder().decode(strict.files.find(({ path }) => path === "card.md")?.bytes);
    const { answers, right } = precisionTarget?.missed[0] ?? {};
    expect(card).toContain(
      `99.0 % should be right; on the calibration images these fall short: ant (${right} of ${answers} right)`,
    );
    expect(card).toContain(`${strict.manifest.thresholds[0]?.toFixed(4)}`);
  });

  it("takes a larger candidate when the smaller ones lose too much", async () => {
    const wide = await tinyReleaseInput(1);
    spreadChannels(wide.layers);
    const { candidates, manifest } = await releaseModel(wide);
    expect(candidates.map((candidate) => candidate.scheme)).toEqual(["uint8", "uint8+float16", "float16"]);
    expect(candidates.map((candidate) => candidate.shortfalls.length > 0)).toEqual([true, true, false]);
    expect(manifest.quantization.scheme).toBe("float16");
    expect(manifest.metrics.parity.top1Agreement).toBeGreaterThanOrEqual(0.98);
  });

  it("leaves no tensor behind", () => {
    expect(tensorsAfter).toBe(tensorsBefore);
  });

  it("gives the same bytes for the same model", async () => {
    const again = await releaseModel(input);
    expect(again.manifest).toEqual(release.manifest);
    expect(again.files.map((file) => Buffer.from(file.bytes).toString("base64"))).toEqual(
      release.files.map((file) => Buffer.from(file.bytes).toString("base64")),
    );
  });

  it("reads the test split only after calibration, and only its own files", async () => {
    const steps: string[] = [];
    let readAt: string | undefined;
    const test = tinyFiles(4, 12).map((file) => ({
      ...file,
      read: () => {
        readAt ??= steps.at(-1) ?? "the start";
        return file.read();
      },
    }));
    await releaseModel({ ...input, test, onProgress: ({ step }) => steps.push(step) });
    expect(readAt).toBe("evaluate");
    expect([...new Set(steps)]).toEqual(["calibrate", "compile", "evaluate", "verify", "assemble"]);
  });

  it("publishes nothing when no bundle repeats the float model's answers", async () => {
    const others = tinyFiles(90, 12);
    // The float model sees one set of images, every bundle another: as if each computed something else.
    const test = tinyFiles(4, 12).map((image, i) => {
      let reads = 0;
      return { ...image, read: () => (reads++ === 0 ? image.read() : (others[i] ?? image).read()) };
    });
    const { numTensors } = tf.memory();
    await expect(releaseModel({ ...input, test })).rejects.toSatisfy((error) =>
      isAppError(error, "budget_exceeded"),
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("rejects labels that are not the model's outputs", async () => {
    const description = { ...input.description, labels: ["ant", "bee"] };
    await expect(releaseModel({ ...input, description })).rejects.toSatisfy((error) =>
      isAppError(error, "unsupported_model"),
    );
  });

  it("blames the compiler, not the storage, when the compiled model computes something else", async () => {
    await withBundle(release, input.codec, (classifier) => {
      const logits = predictLogits(input.layers, input.calibration, input.description.input);
      const changed = logits.map((logit, i) => logit + (i % 3));
      expect(() => checkCompilation(classifier, input.calibration, changed)).toThrow(
        expect.toSatisfy((error) => isAppError(error, "internal")),
      );
    });
  });

  it("rejects an empty test split", async () => {
    await expect(releaseModel({ ...input, test: [] })).rejects.toSatisfy((error) =>
      isAppError(error, "invalid_dataset"),
    );
  });

  it("is served, once published and promoted, with the answers that were evaluated", async () => {
    const store = createMemoryStore();
    await publishVersion(store, release);
    const move = { model: "insects", alias: "champion", by: "test", now: input.now };
    await promote(store, { ...move, version: release.version });
    const published = await openPublished(store, "insects", "champion", input.codec);
    const { metrics } = await evaluateBundle(published.classifier, input.test);
    expect(metrics).toEqual(release.manifest.metrics.bundle);
    expect(published.classifier.selfTest().maxLogitDelta).toBe(0);
    published.classifier.dispose();
  });
});
