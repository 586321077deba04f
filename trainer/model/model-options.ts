/** What shapes a net. */
export interface ModelOptions {
  /** Pixels of the square input, 16 to 1024. */
  readonly size: number;
  /** At least 2. */
  readonly classes: number;
  /** Of the initial weights. */
  readonly seed: number;
  /** Multiplies the channels of every layer, 0.1 to 4; 1 is the architecture as described. */
  readonly width: number;
  /** Share of the embedding that a training step ignores, 0 to 0.9; none unless told. */
  readonly dropout?: number;
}
