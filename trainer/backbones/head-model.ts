import type { Quantization } from "../../shared/contract/manifest.ts";
import type { ImageSet } from "../data/image-set.ts";
import type { StoredModel } from "../release/assemble.ts";
import { writeModelFiles } from "../release/model-files.ts";
import { dequantizeTensor, quantizeTensor } from "../release/quantize.ts";
import type { CandidateBuilder, ReleasableModel } from "../release/releasable-model.ts";
import { type LinearClassifier, linearLogits } from "../training/softmax-regression.ts";
import { attachHead, type FeatureGraph, type LinearHead } from "./feature-graph.ts";

/**
 * A backbone with a trained head as a release takes it. The backbone's weights keep the codes of their file in all
 * candidates, which are ways to store the head.
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
  const fixed = storagesOf(
    writeModelFiles(attachHead(features, head), () => "none"),
    "logits/weights",
  );
  const builder = (storage: Quantization, mean: Float64Array): CandidateBuilder => {
    const scheme = [...new Set([...fixed, storage])].toSorted().toReversed().join("+");
    return { scheme, build: async () => storeHead(features, head, { storage, scheme, mean }) };
  };
  return {
    classes: head.bias.length,
    logits: async (images) => linearLogits(classifier, await embed(images)),
    compile: async (correction) => {
      const mean = meanRow(await embed(correction), features.embedding.size);
      const float = builder("none", mean);
      return { candidates: [builder("uint8", mean), builder("float16", mean), float], float };
    },
  };
}

/** @param mean of the features, at which the stored head shall answer as the trained one */
function storeHead(
  features: FeatureGraph,
  head: LinearHead,
  {
    storage,
    scheme,
    mean,
  }: { readonly storage: Quantization; readonly scheme: string; readonly mean: Float64Array },
): StoredModel & { readonly scheme: string } {
  const stored = dequantizeTensor(quantizeTensor("logits/weights", head.weights, storage));
  const classes = head.bias.length;
  const bias = head.bias.map((value, c) =>
    mean.reduce((sum, feature, i) => {
      const at = i * classes + c;
      return sum + feature * ((head.weights[at] as number) - (stored[at] as number));
    }, value),
  );
  const graph = attachHead(features, { weights: head.weights, bias });
  const model = writeModelFiles(graph, (weight) => (weight.role === "kernel" ? storage : "none"));
  return { scheme, graph, model };
}

/** How the kernels other than `except` are stored. */
function storagesOf(
  { tensors }: { readonly tensors: Readonly<Record<string, Quantization>> },
  except: string,
): Set<Quantization> {
  const kernels = Object.entries(tensors).filter(([name]) => name.endsWith("/weights") && name !== except);
  return new Set(kernels.map(([, storage]) => storage));
}

function meanRow(rows: Float32Array, size: number): Float64Array {
  const mean = new Float64Array(size);
  const count = rows.length / size;
  for (let i = 0; i < rows.length; i++)
    mean[i % size] = (mean[i % size] as number) + (rows[i] as number) / count;
  return mean;
}
