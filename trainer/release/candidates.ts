import type { Quantization } from "../../shared/contract/manifest.ts";
import { correctBiases } from "./bias-correction.ts";
import { equalizeModel } from "./equalize.ts";
import { type FoldedModel, isWeighted, type WeightedLayer } from "./folded-model.ts";
import { emitGraph, type Graph } from "./graph-model.ts";
import { type ModelFiles, writeModelFiles } from "./model-files.ts";

/** Ways to store a model, smallest first; biases are float32 in all of them. */
export const candidateSchemes = ["uint8", "uint8+float16", "float16", "none"] as const;

/** One way to store a model. */
export type CandidateScheme = (typeof candidateSchemes)[number];

/** A model stored in one way, not yet shown to be as good as the float model. */
export interface Candidate {
  readonly scheme: CandidateScheme;
  readonly graph: Graph;
  readonly model: ModelFiles;
}

/**
 * Stores a folded model by a scheme. `uint8` and `uint8+float16` are equalised and bias-corrected first; the latter
 * keeps in float16 what uint8 hurts most: depthwise weights, the first convolution and dense layers.
 * @param images `[N, height, width, channels]` normalised, of the train or validation split, for bias correction
 */
export async function buildCandidate(
  scheme: CandidateScheme,
  folded: FoldedModel,
  images: Float32Array,
): Promise<Candidate> {
  const storageOf = layerStorage(scheme, folded);
  const prepared = scheme.startsWith("uint8")
    ? await correctBiases(equalizeModel(folded), images, storageOf)
    : folded;
  const graph = emitGraph(prepared);
  const storages = new Map(prepared.layers.filter(isWeighted).map((layer) => [layer.name, storageOf(layer)]));
  const model = writeModelFiles(graph, (weight) =>
    weight.role === "kernel" ? (storages.get(weight.layer) ?? "none") : "none",
  );
  return { scheme, graph, model };
}

/** How each layer's weights are stored; decided by kind and place, which equalisation leaves as they are. */
function layerStorage(scheme: CandidateScheme, folded: FoldedModel): (layer: WeightedLayer) => Quantization {
  if (scheme !== "uint8+float16") return () => scheme;
  const first = folded.layers.find(isWeighted)?.name;
  return (layer) => (layer.kind === "convolution" && layer.name !== first ? "uint8" : "float16");
}
