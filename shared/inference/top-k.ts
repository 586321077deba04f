/** A class with its probability. */
export interface RankedClass {
  /** 0..C-1. */
  readonly classIndex: number;
  /** 0..1. */
  readonly probability: number;
}

/**
 * The `k` most probable classes, most probable first, ties to the lower index.
 * @param probabilities [C], 0..1
 * @param k how many; clamped to 1..C
 */
export function topK(probabilities: Float32Array, k: number): RankedClass[] {
  const size = Math.min(Math.max(1, Math.trunc(k)), probabilities.length);
  const ranked: RankedClass[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let classIndex = 0; classIndex < probabilities.length; classIndex++) {
    const probability = probabilities[classIndex] as number;
    if (ranked.length === size && probability <= least) continue;
    let position = ranked.length;
    while (position > 0 && (ranked[position - 1]?.probability ?? 0) < probability) position--;
    ranked.splice(position, 0, { classIndex, probability });
    if (ranked.length > size) ranked.pop();
    least = ranked.at(-1)?.probability ?? least;
  }
  return ranked;
}
