import type { Quantization } from "../../shared/contract/manifest.ts";
import type { ImageSet } from "../data/image-set.ts";
import type { StoredModel } from "../release/assemble.ts";
import type { GraphWeight } from "../release/graph-model.ts";
import { writeModelFiles } from "../release/model-files.ts";
import { dequantizeTensor, quantizeTensor } from "../release/quantize.ts";
import type { CandidateBuilder, ReleasableModel } from "../release/releasable-model.ts";
import { type LinearClassifier, linearLogits } from "../training/softmax-regression.ts";
import { attachHead, type FeatureGraph, type LinearHead } from "./feature-graph.ts";

/** Ways to store what was trained, smallest first. */
const storages = ["uint8", "mixed", "float16", "none"] as const;
type Storage = (typeof storages)[number];

const headKernel = "logits/weights";

/**
 * A backbone with a trained head as a release takes it. Weights that kept the codes of their file keep them in all
 * candidates, which are ways to store the head and the layers that were trained with it.
 * @param embed gives the features of images, `[N, size]`
 */
export function releasableHead(
  features: FeatureGraph,
  classifier: LinearClassifier,
  embed: (images: ImageSet) => Promise<Float32Array>,
): ReleasableModel {
  const head: LinearHead = {
    weights: Float32Array.from(classifier.weights),
    bias: Float32Array.from(classifier.bias),
  };
  return {
    classes: head.bias.length,
    logits: async (images) => linearLogits(classifier, await embed(images)),
    compile: async (correction) => {
      const mean = meanRow(await embed(correction), features.embedding.size);
      // Without trained layers there is nothing to mix.
      const isTuned = features.weights.some(({ role, stored }) => role === "kernel" && stored === undefined);
      const [smallest, ...larger] = storages
        .filter((storage) => isTuned || storage !== "mixed")
        .map((storage) => builder(features, head, storage, mean));
      const float = builder(features, head, "none", mean);
      return { candidates: [smallest ?? float, ...larger], float };
    },
  };
}

function builder(
  features: FeatureGraph,
  head: LinearHead,
  storage: Storage,
  mean: Float64Array,
): CandidateBuilder {
  const storageOf = kernelStorage(features, storage);
  const { tensors } = writeModelFiles(attachHead(features, head), storageOf);
  const used = Object.entries(tensors).filter(([name]) => name.endsWith("/weights"));
  const scheme = [...new Set(used.map(([, stored]) => stored))].toSorted().toReversed().join("+");
  return {
    scheme,
    build: async (): Promise<StoredModel> => {
      const graph = attachHead(features, correctBias(head, storage === "mixed" ? "float16" : storage, mean));
      return { scheme, graph, model: writeModelFiles(graph, storageOf) };
    },
  };
}

/** `mixed` keeps in float16 what uint8 hurts most: depthwise weights and the head. */
function kernelStorage({ nodes }: FeatureGraph, storage: Storage): (weight: GraphWeight) => Quantization {
  const depthwise = new Set(
    nodes.filter(({ op }) => op.includes("Depthwise")).flatMap(({ input }) => input ?? []),
  );
  return ({ name, role }) => {
    if (role !== "kernel") return "none";
    if (storage !== "mixed") return storage;
    return name === headKernel || depthwise.has(name) ? "float16" : "uint8";
  };
}

/** Moves the bias so that the stored head answers as the trained one does at the mean of the features. */
function correctBias(head: LinearHead, storage: Quantization, mean: Float64Array): LinearHead {
  const stored = dequantizeTensor(quantizeTensor(headKernel, head.weights, storage));
  const classes = head.bias.length;
  const bias = head.bias.map((value, c) =>
    mean.reduce((sum, feature, i) => {
      const at = i * classes + c;
      return sum + feature * ((head.weights[at] as number) - (stored[at] as number));
    }, value),
  );
  return { weights: head.weights, bias };
}

function meanRow(rows: Float32Array, size: number): Float64Array {
  const mean = new Float64Array(size);
  const count = rows.length / size;
  for (let i = 0; i < rows.length; i++) {
    mean[i % size] = (mean[i % size] as number) + (rows[i] as number) / count;
  }
  return mean;
}
