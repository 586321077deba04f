// oxlint-disable-next-line import/no-unassigned-import -- registers the backend
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ImageCodec } from "../../../shared/image/codec.ts";
import { type Classifier, createClassifier } from "../../../shared/inference/classifier.ts";
import { sha256Hex } from "../../../shared/store/sha256.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  type HandMadeOptions,
  pureColours,
} from "../../fixtures/hand-made-bundle.ts";
import { handMadeGraph } from "../../fixtures/hand-made-graph.ts";
import { solidPng } from "../../fixtures/png.ts";
import { openHandMade } from "./open-hand-made.ts";

let codec: ImageCodec;

beforeAll(async () => {
  await openInference();
  codec = loadCodec();
});

beforeEach(async () => {
  await tf.setBackend("wasm");
});

/** Uses a classifier and disposes of it. @throws when it leaves a tensor behind */
async function withClassifier<T>(
  options: HandMadeOptions | HandMadeBundle,
  use: (classifier: Classifier) => T | Promise<T>,
): Promise<T> {
  const made = "files" in options ? options : await handMadeBundle(options);
  const { numTensors } = tf.memory();
  const classifier = createClassifier(await openHandMade(made), codec);
  const result = await use(classifier);
  classifier.dispose();
  const left = tf.memory().numTensors - numTensors;
  if (left !== 0) throw new Error(`${left} tensors are left`);
  return result;
}

const red = solidPng(60, 40, [255, 0, 0]);
const grey = solidPng(60, 40, [128, 128, 128]);

describe("classify", () => {
  it.each(["none", "float16", "uint8"] as const)(
    "tells colours apart with weights stored as %s",
    async (quantization) => {
      await withClassifier({ quantization }, (classifier) => {
        const labels = pureColours.map(
          (colour) => classifier.classify(solidPng(33, 77, colour)).predictions[0]?.label,
        );
        expect(labels).toEqual(["red", "green", "blue"]);
      });
    },
  );

  it("gives the probabilities that the logits have on paper", async () => {
    await withClassifier({ editManifest: (manifest) => (manifest.temperature = 2) }, (classifier) => {
      const { predictions } = classifier.classify(solidPng(20, 20, [255, 128, 64]), { topK: 3 });
      const logits = handMadeGraph(32, 1, "none").logitsOfColour([1, 128 / 255, 64 / 255]);
      const weights = logits.map((logit) => Math.exp(logit / 2));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      for (const { classIndex, probability } of predictions) {
        expect(probability).toBeCloseTo((weights[classIndex] ?? Number.NaN) / sum, 5);
      }
    });
  });

  it("answers 5 classes unless told, at most all of them", async () => {
    await withClassifier({}, (classifier) => {
      expect(classifier.classify(red).predictions).toHaveLength(3);
      expect(classifier.classify(red, { topK: 2 }).predictions).toHaveLength(2);
    });
  });

  it("calls an image recognised when its class passes its own threshold or the one asked for", async () => {
    await withClassifier(
      { editManifest: (manifest) => (manifest.thresholds = [0.9999, 0.5, 0.5]) },
      (classifier) => {
        expect(classifier.classify(red).recognized).toBe(false);
        expect(classifier.classify(red, { threshold: 0.5 }).recognized).toBe(true);
        expect(classifier.classify(solidPng(9, 9, [0, 255, 0])).recognized).toBe(true);
      },
    );
  });

  it("calls an image unknown, and never recognised, by the manifest's rule", async () => {
    await withClassifier(
      {
        editManifest: (manifest) => {
          manifest.thresholds = [0, 0, 0];
          manifest.unknown = { rule: "max-probability", threshold: 0.8 };
        },
      },
      (classifier) => {
        expect(classifier.classify(red)).toMatchObject({ unknown: false, recognized: true });
        expect(classifier.classify(grey)).toMatchObject({ unknown: true, recognized: false });
      },
    );
  });

  it("measures the distance of the embedding to the class centres, when the rule is that", async () => {
    const embeddings = await withClassifier({}, (classifier) =>
      pureColours.map((colour) => {
        const nhwc = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => (colour[i % 3] ?? 0) / 255);
        return classifier.infer(nhwc, 1, { embedding: true }).embedding ?? new Float32Array();
      }),
    );
    const units = embeddings.map((values) => values.map((value) => value / Math.hypot(...values)));
    const centres = new Uint8Array(Float32Array.from(units.flatMap((values) => [...values])).buffer);
    const file = { path: "centres.bin", bytes: centres.length, sha256: await sha256Hex(centres) };
    const made = await handMadeBundle({
      editManifest: (manifest) => {
        manifest.files = [...manifest.files, file];
        manifest.unknown = { rule: "feature-distance", threshold: 0.05, file: file.path };
      },
    });
    await withClassifier({ ...made, files: new Map([...made.files, [file.path, centres]]) }, (classifier) => {
      expect(classifier.classify(red).unknown).toBe(false);
      expect(classifier.classify(grey).unknown).toBe(true);
    });
  });

  it("passes on what the codec says of a broken image, and works on", async () => {
    await withClassifier({}, (classifier) => {
      expect(() => classifier.classify(red.slice(0, 60))).toThrow(
        expect.objectContaining({ code: "invalid_image" }),
      );
      expect(classifier.classify(red).predictions[0]?.label).toBe("red");
    });
  });
});

describe("infer", () => {
  const stripes = Float32Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => (i % 7) / 7);

  it("gives logits only, and other outputs when asked", async () => {
    await withClassifier({}, (classifier) => {
      expect(Object.keys(classifier.infer(stripes, 2))).toEqual(["logits"]);
      const all = classifier.infer(stripes, 2, { embedding: true, featureMap: true });
      expect(all.logits).toHaveLength(2 * 3);
      expect(all.embedding).toHaveLength(2 * 8);
      expect(all.featureMap).toHaveLength(2 * 16 * 16 * 8);
      expect(classifier.infer(stripes, 2, { featureMap: true }).featureMap).toEqual(all.featureMap);
    });
  });

  it("gives the mean of the feature map as the embedding", async () => {
    await withClassifier({}, (classifier) => {
      const { embedding, featureMap } = classifier.infer(stripes, 2, { embedding: true, featureMap: true });
      const first = featureMap?.subarray(0, 256 * 8) ?? new Float32Array();
      for (let channel = 0; channel < 8; channel++) {
        const sum = first.reduce((total, value, i) => (i % 8 === channel ? total + value : total), 0);
        expect(embedding?.[channel]).toBeCloseTo(sum / 256, 5);
      }
    });
  });

  it("gives a batch the logits that its images have one by one", async () => {
    await withClassifier({}, (classifier) => {
      const half = stripes.length / 2;
      const one = [stripes.slice(0, half), stripes.slice(half)].flatMap((image) => [
        ...classifier.infer(image).logits,
      ]);
      const both = classifier.infer(stripes, 2).logits;
      for (const [i, logit] of one.entries()) expect(both[i]).toBeCloseTo(logit, 5);
    });
  });

  it("rejects an input of another size, and an output the model has not", async () => {
    await withClassifier(
      { editManifest: (manifest) => (manifest.outputs = { logits: "dense" }) },
      (classifier) => {
        const refused = expect.objectContaining({ code: "invalid_argument" });
        expect(() => classifier.infer(stripes, 1)).toThrow(refused);
        expect(() => classifier.infer(stripes, 0)).toThrow(refused);
        expect(() => classifier.infer(stripes, 2, { embedding: true })).toThrow(refused);
        expect(() => classifier.infer(stripes, 2, { featureMap: true })).toThrow(refused);
      },
    );
  });
});

describe("selfTest", () => {
  it("finds the golden logits, those on paper", async () => {
    await withClassifier({ quantization: "uint8" }, (classifier) => {
      expect(classifier.selfTest()).toEqual({
        vectors: 3,
        maxLogitDelta: expect.closeTo(0, 4),
        maxProbabilityDelta: expect.closeTo(0, 4),
        tolerance: 1e-4,
        engine: "plan",
      });
      expect(classifier.selfTest(1).vectors).toBe(1);
    });
  });

  it.each<readonly [string, (logits: number[]) => number[]]>([
    ["a logit is off by more than the tolerance", ([first = 0, ...others]) => [first + 2e-4, ...others]],
    ["two logits are swapped", ([first = 0, second = 0, ...others]) => [second, first, ...others]],
  ])("fails when %s", async (_, change) => {
    await withClassifier(
      {
        editManifest: (manifest) => {
          const vectors = manifest.golden.vectors.map((vector) => ({
            ...vector,
            logits: change(vector.logits),
          }));
          manifest.golden = { ...manifest.golden, vectors };
        },
      },
      (classifier) => {
        expect(() => classifier.selfTest()).toThrow(expect.objectContaining({ code: "self_test_failed" }));
      },
    );
  });

  it("fails when an image does not decode, and says why", async () => {
    await withClassifier(
      {
        editManifest: (manifest) => {
          const vectors = manifest.golden.vectors.map((vector) => ({ ...vector, image: btoa("no image") }));
          manifest.golden = { ...manifest.golden, vectors };
        },
      },
      (classifier) => {
        expect(() => classifier.selfTest()).toThrow(/solid red does not run: .*JPEG, PNG or WebP/);
      },
    );
  });

  it("fails when the model gives what is no number", async () => {
    const made = await handMadeBundle({
      editManifest: (manifest) => (manifest.golden = { ...manifest.golden, tolerance: 1e9 }),
    });
    const bundle = await openHandMade(made);
    // the bias of the dense layer and its weights: finite, but their sums are not
    const floats = new Float32Array(bundle.weights.bytes.buffer, 456 - 96, 27);
    floats.fill(3e38);
    const classifier = createClassifier(bundle, codec);
    expect(() => classifier.selfTest()).toThrow(expect.objectContaining({ code: "self_test_failed" }));
    expect(() => classifier.classify(red)).toThrow(expect.objectContaining({ code: "internal" }));
    classifier.dispose();
  });
});
