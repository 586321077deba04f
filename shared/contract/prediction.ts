/** One class with its probability. */
export interface Prediction {
  readonly label: string;
  /** 0..C-1, position in the label set. */
  readonly classIndex: number;
  /** 0..1, after softmax with the model's temperature. */
  readonly probability: number;
}
