import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createClassifier } from "../../../shared/inference/classifier.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { handMadeBundle, type HandMadeOptions } from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { openHandMade } from "./open-hand-made.ts";

beforeAll(async () => {
  await openInference();
});

const red = solidPng(30, 20, [255, 0, 0]);

async function openClassifier(options: HandMadeOptions, choice?: "stock") {
  return createClassifier(await openHandMade(await handMadeBundle(options)), loadCodec(), choice);
}

/** Golden logits that no engine gives, but near enough for the manifest. */
const shifted: HandMadeOptions = {
  editManifest: (manifest) => {
    const vectors = manifest.golden.vectors.map((vector) => ({
      ...vector,
      logits: vector.logits.map((logit, i) => logit + 0.01 * i),
    }));
    manifest.golden = { tolerance: 1, vectors };
  },
};

/** Softmax in the graph, and its result read as the logits. */
const withSoftmax: HandMadeOptions = {
  editModel: ({ modelTopology: { node } }) => {
    node.push({ name: "probabilities", op: "Softmax", input: ["dense"] });
  },
  editManifest: (manifest) => {
    manifest.outputs = { ...manifest.outputs, logits: "probabilities" };
  },
};

describe("the engine of a classifier", () => {
  it("is ours when its answers are those that were published", async () => {
    const classifier = await openClassifier({});
    expect(classifier.selfTest()).toMatchObject({ engine: "plan", vectors: 3 });
    expect(classifier.engine).toBe("plan");
    classifier.dispose();
  });

  it("is stock tfjs from the first self-test on, when ours differs by more than rounding", async () => {
    const { numTensors } = tf.memory();
    const classifier = await openClassifier(shifted);
    const before = classifier.classify(red);
    expect(classifier.engine).toBe("plan");

    expect(classifier.selfTest()).toMatchObject({ engine: "tfjs", vectors: 3 });
    expect(classifier.engine).toBe("tfjs");
    expect(tf.memory().numTensors).toBeGreaterThan(numTensors);
    const [first] = classifier.classify(red).predictions;
    expect(first?.label).toBe(before.predictions[0]?.label);
    expect(first?.probability).toBeCloseTo(before.predictions[0]?.probability ?? Number.NaN, 5);
    classifier.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("stays what the first self-test found", async () => {
    const classifier = await openClassifier({});
    classifier.selfTest();
    expect(classifier.selfTest(1)).toMatchObject({ engine: "plan", vectors: 1 });
    classifier.dispose();
  });

  it("is stock tfjs for a graph with an operation that our kernels lack", async () => {
    const classifier = await openClassifier(withSoftmax);
    expect(classifier.engine).toBe("tfjs");
    const { logits } = classifier.infer(new Float32Array(32 * 32 * 3));
    expect(logits.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    classifier.dispose();
  });
});
