import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { ImageCodec } from "../../../shared/image/codec.ts";
import type { Bundle } from "../../../shared/inference/bundle.ts";
import { openClassActivation } from "../../../shared/inference/class-activation.ts";
import { createClassifier } from "../../../shared/inference/classifier.ts";
import type { GraphNode } from "../../../shared/inference/graph-model.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { handMadeBundle } from "../../fixtures/hand-made-bundle.ts";
import { drawPng } from "../../fixtures/png.ts";
import { openHandMade } from "./open-hand-made.ts";

let codec: ImageCodec;

beforeAll(async () => {
  await openInference();
  await tf.setBackend("wasm");
  codec = loadCodec();
});

/** Red on the left, blue on the right. */
const halves = drawPng(64, 64, (x) => (x < 32 ? [255, 0, 0] : [0, 0, 255]));

function node(name: string, op: string, ...input: string[]): GraphNode {
  return { name, op, input, attr: {} };
}

/** Puts a product with each factor and a rectifier behind the logits, as an import of coded logits has them. */
function bounded(bundle: Bundle, factors: readonly number[]): Bundle {
  const { model, weights } = bundle;
  const [group] = model.weightsManifest;
  const nodes = model.modelTopology.node.map((known) =>
    known.name === "dense" ? { ...known, name: "raw" } : known,
  );
  const bytes = new Uint8Array(weights.bytes.length + 4 * factors.length);
  bytes.set(weights.bytes);
  bytes.set(new Uint8Array(Float32Array.from(factors).buffer), weights.bytes.length);
  let last = "raw";
  for (const i of factors.keys()) {
    nodes.push(node(`factor-${i}`, "Const"), node(`product-${i}`, "Mul", last, `factor-${i}`));
    nodes.push(node(`bound-${i}`, "Relu", `product-${i}:0`));
    last = `bound-${i}`;
  }
  nodes.push(node("dense", "Identity", last));
  const specs = factors.map((_, i) => {
    const offset = weights.bytes.length + 4 * i;
    return { name: `factor-${i}`, shape: [1, 1], dtype: "float32" as const, offset };
  });
  return {
    ...bundle,
    model: { ...model, modelTopology: { node: nodes }, weightsManifest: group === undefined ? [] : [group] },
    weights: { ...weights, bytes, specs: [...weights.specs, ...specs] },
  };
}

describe("the class-activation map", () => {
  it.each(["none", "float16", "uint8"] as const)(
    "has the class's logit, less its bias, as its mean, with a classifier stored as %s",
    async (quantization) => {
      const bundle = await openHandMade(await handMadeBundle({ quantization, quantizeHead: true }));
      const activation = openClassActivation(bundle);
      const classifier = createClassifier(bundle, codec);
      const nhwc = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => ((i * 37) % 101) / 101);
      const { logits, featureMap = new Float32Array() } = classifier.infer(nhwc, 1, { featureMap: true });
      classifier.dispose();

      const biases = [0.25, 0, -0.25];
      for (const [classIndex, bias] of biases.entries()) {
        const map = activation?.map(featureMap, classIndex) ?? new Float32Array();
        expect(map).toHaveLength(16 * 16);
        const mean = map.reduce((sum, value) => sum + value, 0) / map.length;
        expect(mean + bias).toBeCloseTo(logits[classIndex] ?? Number.NaN, 4);
      }
    },
  );

  it("shows where the class is seen, and that is told in parts of the image", async () => {
    const bundle = await openHandMade(await handMadeBundle());
    const classifier = createClassifier(bundle, codec);
    // cut to its middle square: from 1/4 to 3/4 of the width
    const wide = drawPng(128, 64, (x) => (x < 60 ? [255, 0, 0] : [0, 0, 255]));
    const { explanation, predictions } = classifier.classify(wide, { explain: "cam" });
    classifier.dispose();

    expect(explanation).toMatchObject({
      method: "cam",
      label: predictions[0]?.label,
      classIndex: 2,
      width: 16,
      height: 16,
      area: { left: 0.25, top: 0, width: 0.5, height: 1 },
      size: { width: 128, height: 64 },
    });
    const row = explanation?.values.slice(8 * 16, 9 * 16) ?? [];
    expect(row.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(row.slice(9, 15)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("is 0 to 1, and 1 somewhere", async () => {
    const classifier = createClassifier(await openHandMade(await handMadeBundle()), codec);
    const { explanation } = classifier.classify(halves, { explain: "cam" });
    classifier.dispose();

    expect(Math.min(...(explanation?.values ?? []))).toBe(0);
    expect(Math.max(...(explanation?.values ?? []))).toBe(1);
  });

  it("does not change the answer", async () => {
    const classifier = createClassifier(await openHandMade(await handMadeBundle()), codec);
    const { explanation: _, ...explained } = classifier.classify(halves, { explain: "cam" });
    const plain = classifier.classify(halves);
    classifier.dispose();

    expect(explained).toEqual(plain);
  });

  it.each([
    ["is the same where logits are held within bounds", [-1, -1], true],
    ["is refused where a factor turns their order round", [-1], false],
  ] as const)("%s", async (_, factors, isMapped) => {
    const made = await openHandMade(await handMadeBundle());
    const plain = openClassActivation(made);
    const featureMap = Float32Array.from({ length: 16 * 16 * 8 }, (_value, i) => ((i * 37) % 101) / 101);

    expect(openClassActivation(bounded(made, factors))?.map(featureMap, 1)).toEqual(
      isMapped ? plain?.map(featureMap, 1) : undefined,
    );
  });

  it("is refused in words for a model whose manifest names no feature map", async () => {
    const bundle = await openHandMade(
      await handMadeBundle({
        editManifest: (manifest) => (manifest.outputs = { logits: manifest.outputs.logits }),
      }),
    );
    const classifier = createClassifier(bundle, codec);

    expect(() => classifier.classify(halves, { explain: "cam" })).toThrow(/no class-activation map/);
    expect(classifier.classify(halves).predictions).toHaveLength(3);
    classifier.dispose();
  });

  it("is refused where an activation lies between the mean and the logits", async () => {
    const bundle = await openHandMade(
      await handMadeBundle({
        editModel: ({ modelTopology }) => {
          const dense = modelTopology.node.find(({ name }) => name === "dense");
          const attributes = dense?.["attr"] as Record<string, unknown>;
          attributes["fused_ops"] = { list: { s: [btoa("BiasAdd"), btoa("Relu")] } };
        },
      }),
    );

    expect(openClassActivation(bundle)).toBeNull();
  });
});
