import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { normalizeImages } from "../evaluation/batch-inference.ts";
import { spreadRows } from "../evaluation/pixel-features.ts";
import { predictLogits } from "../training/validate.ts";
import { buildCandidate, type CandidateScheme, candidateSchemes } from "./candidates.ts";
import { foldModel } from "./fold.ts";
import type { CandidateBuilder, ReleasableModel } from "./releasable-model.ts";

/** Images that correct the biases; more of them change the third digit of a bias. */
const correctionImages = 64;

/**
 * A trained chain of layers as a release takes it; see {@link foldModel} for the layers.
 * @param model stays the caller's, its weights on the engine that is active
 * @throws unsupported_model when it has not one output
 */
export function releasableLayers(
  model: LayersModel,
  normalization: Pick<InputSpec, "mean" | "std">,
): ReleasableModel {
  const [output, second] = model.outputs;
  if (output === undefined || second !== undefined) {
    throw new AppError("unsupported_model", `the model has ${model.outputs.length} outputs, not one`);
  }
  return {
    classes: Number(output.shape.at(-1)),
    logits: async (images) => predictLogits(model, images, normalization),
    compile: async (correction) => {
      const folded = await foldModel(model);
      const images = normalizeImages(correction, normalization, spreadRows(correction, correctionImages));
      const builder = (scheme: CandidateScheme): CandidateBuilder => ({
        scheme,
        build: () => buildCandidate(scheme, folded, images),
      });
      const [smallest, ...larger] = candidateSchemes;
      return { candidates: [builder(smallest), ...larger.map(builder)], float: builder("none") };
    },
  };
}
