import type { ImageSet } from "../data/image-set.ts";
import type { StoredModel } from "./assemble.ts";

/** One way to store a model, tried when those before it lose too much. */
export interface CandidateBuilder {
  /** Says how its weights are stored, e.g. `uint8`. */
  readonly scheme: string;
  /** Stores the model so; not yet shown to be as good as the float model. */
  readonly build: () => Promise<StoredModel>;
}

/** A compiled model: the ways to store it. */
export interface CompiledModel {
  /** Smallest first. */
  readonly candidates: readonly [CandidateBuilder, ...CandidateBuilder[]];
  /** With every number that was trained in float32: repeats the trained model, whatever quantisation does to others. */
  readonly float: CandidateBuilder;
}

/** A trained model as its release sees it. */
export interface ReleasableModel {
  readonly classes: number;
  /**
   * What the float model answers, computed as it was trained.
   * @param images at the size of its input
   * @returns `[N, classes]`
   */
  logits(images: ImageSet): Promise<Float32Array>;
  /**
   * @param correction images of the train or validation split, by which quantised layers may be corrected
   * @throws unsupported_model when it cannot be compiled
   */
  compile(correction: ImageSet): Promise<CompiledModel>;
}
