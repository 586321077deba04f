/** A JPEG to be decoded to RGB at a square size, stretched: the one fit that every contender has. */
export interface DecodeWorkload {
  readonly file: string;
  /** Pixels of a side of the result. */
  readonly size: number;
}
