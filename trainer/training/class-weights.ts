/** Above this ratio of the largest class to the smallest, the small ones count for more. */
const evenRatio = 3;

/**
 * How much an image of each class counts in the loss: all alike, or, where the classes are uneven, so much that every
 * class counts alike.
 * @param labels of the training images
 * @returns `[classes]`, 1 on the average of the images; 1 for classes without any
 */
export function classWeights(labels: Int32Array, classes: number): Float64Array<ArrayBuffer> {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const present = counts.filter((count) => count > 0);
  const isUneven = Math.max(...present) > evenRatio * Math.min(...present);
  return counts.map((count) => (isUneven && count > 0 ? labels.length / (present.length * count) : 1));
}
