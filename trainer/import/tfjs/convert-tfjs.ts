import * as z from "zod/mini";
import { AppError } from "../../../shared/contract/errors.ts";
import { parseJsonWith } from "../../../shared/contract/parse.ts";
import type { ConvertedModel } from "../convert-tflite.ts";
import { convertNet } from "./convert-net.ts";
import { cannotImport, type Net } from "./net.ts";
import { readGraphModel } from "./read-graph-model.ts";
import { readLayersModel } from "./read-layers-model.ts";
import { readStoredWeights, type StoredWeights, weightsManifestSchema } from "./stored-weights.ts";

/** What numbers a model's pixels are: the ends of their range, for black and white. */
export const pixelRanges = {
  "-1..1": { mean: 0.5, std: 0.5 },
  "0..1": { mean: 0, std: 1 },
  "0..255": { mean: 0, std: 1 / 255 },
} as const;

/** One of {@link pixelRanges}. */
export type PixelRange = keyof typeof pixelRanges;

/** What a model.json leaves open. */
export interface TfjsAssumptions {
  readonly pixels: PixelRange;
  /** Width and height of the image in pixels, where the model takes any. */
  readonly size: number | null;
}

const modelSchema = z.object({
  modelTopology: z.looseObject({ model_config: z.optional(z.unknown()), node: z.optional(z.unknown()) }),
  weightsManifest: weightsManifestSchema,
});

/**
 * Converts a tfjs LayersModel or GraphModel to a GraphModel in the operations that the Worker runs: batch normalisation
 * folded, padding and activations fused, softmax at the end left out.
 * @param file bytes of a model.json
 * @param readFile gives a file that lies beside it
 * @throws invalid_argument for what is damaged, unsupported_model naming a layer or node, budget_exceeded
 */
export async function convertTfjs(
  file: Uint8Array,
  readFile: (path: string) => Promise<Uint8Array>,
  { pixels, size }: TfjsAssumptions,
): Promise<ConvertedModel> {
  const model = parseJsonWith(modelSchema, new TextDecoder().decode(file), "model.json");
  const weights = await readStoredWeights(model.weightsManifest, async (path) => {
    if (/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/.test(path)) return readFile(path);
    throw new AppError(
      "invalid_argument",
      `model.json names the weights file ${JSON.stringify(path)}; allowed are plain names of files beside it`,
    );
  });
  const net = readNet(model.modelTopology, weights, size);
  const { width, height } = net.input;
  if (![width, height].every((side) => side >= 8 && side <= 1024)) {
    throw cannotImport("the model", `its image is ${width}x${height}; allowed are 8 to 1024 pixels a side`);
  }
  const { graph, classes } = convertNet(net);
  const { mean, std } = pixelRanges[pixels];
  return {
    graph,
    classes,
    input: { width, height, mean: [mean, mean, mean], std: [std, std, std] },
    shapes: new Map(),
  };
}

function readNet(
  topology: z.infer<typeof modelSchema>["modelTopology"],
  weights: StoredWeights,
  size: number | null,
): Net {
  if (topology.node !== undefined) {
    return readGraphModel(topology, weights, size === null ? null : { width: size, height: size });
  }
  // Keras wraps the model with what it was trained by; tfjs saves it bare.
  return readLayersModel(topology.model_config ?? topology, weights);
}
