/**
 * The mean direction of each class's embeddings, as the rule `feature-distance` compares them.
 * @param embeddings [N, size] row-major
 * @param labels [N] class indices
 * @returns [C, size], each row of length 1; zeros for a class without images
 */
export function classCentres(
  embeddings: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
): Float32Array<ArrayBuffer> {
  const size = embeddings.length / labels.length;
  const sums = new Float64Array(classes * size);
  for (let i = 0; i < labels.length; i++) {
    const row = embeddings.subarray(i * size, (i + 1) * size);
    const length = lengthOf(row);
    if (length === 0) continue;
    const start = (labels[i] as number) * size;
    for (const [j, value] of row.entries()) sums[start + j] = (sums[start + j] as number) + value / length;
  }
  const centres = new Float32Array(classes * size);
  for (let start = 0; start < sums.length; start += size) {
    const sum = sums.subarray(start, start + size);
    const length = lengthOf(sum);
    if (length > 0)
      centres.set(
        sum.map((value) => value / length),
        start,
      );
  }
  return centres;
}

function lengthOf(values: Float32Array | Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}
