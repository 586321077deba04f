/** One batch for the model. */
export interface Batch {
  /** `[batch, height, width, 3]`, normalised. */
  readonly nhwc: Float32Array;
  /** `[batch]`, class indices. */
  readonly labels: Int32Array;
  /** What was mixed into each image: the class of another of the batch, and its share. */
  readonly mixed?: { readonly labels: Int32Array; readonly share: number };
}
