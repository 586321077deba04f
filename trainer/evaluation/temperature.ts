/** The temperatures that are searched; outside of them a model needs more training, not calibration. */
export const temperatureRange = { least: 0.05, most: 20 } as const;

/** With fewer images a fitted temperature is noise, so 1 is kept. */
export const leastImagesForTemperature = 10;

/**
 * The temperature T that makes `softmax(logits / T)` most likely on the calibration split
 * (Guo et al. 2017, arXiv 1706.04599).
 *
 * The likelihood of a split without a single error grows for ever as T falls. As Platt did (1999), one
 * imagined image whose class is anybody's guess is added, which bounds T and fades as the images grow in number.
 * The negative log-likelihood is convex in 1/T, hence has one valley in ln T, which golden sections find.
 * @param logits [N, C] row-major, finite
 * @param labels [N] class indices
 * @returns T within {@link temperatureRange}; 1 for fewer than {@link leastImagesForTemperature} images
 */
export function fitTemperature(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number {
  if (labels.length < leastImagesForTemperature) return 1;
  const cost = (lnTemperature: number): number =>
    smoothedLikelihood(logits, labels, classes, Math.exp(-lnTemperature));
  const lnTemperature = goldenSection(
    cost,
    Math.log(temperatureRange.least),
    Math.log(temperatureRange.most),
    1e-6,
  );
  return cost(lnTemperature) < cost(0) ? Math.exp(lnTemperature) : 1;
}

/** Mean cross-entropy in nats of `softmax(inverseTemperature * logits)` with smoothed labels. */
function smoothedLikelihood(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  inverseTemperature: number,
): number {
  const smoothing = 1 / (labels.length + 1);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const offset = i * classes;
    let largest = -Infinity;
    let mean = 0;
    for (let c = 0; c < classes; c++) {
      const logit = logits[offset + c] as number;
      largest = Math.max(largest, logit);
      mean += logit / classes;
    }
    let exponentials = 0;
    for (let c = 0; c < classes; c++) {
      exponentials += Math.exp(((logits[offset + c] as number) - largest) * inverseTemperature);
    }
    const right = logits[offset + (labels[i] as number)] as number;
    const target = (1 - smoothing) * right + smoothing * mean;
    sum += Math.log(exponentials) + (largest - target) * inverseTemperature;
  }
  return sum / labels.length;
}

/** Where a function with one valley is least between `from` and `to`, to within `tolerance`. */
function goldenSection(cost: (x: number) => number, from: number, to: number, tolerance: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [leftCost, rightCost] = [cost(left), cost(right)];
  while (high - low > tolerance) {
    if (leftCost < rightCost) {
      [high, right, rightCost] = [right, left, leftCost];
      left = high - ratio * (high - low);
      leftCost = cost(left);
    } else {
      [low, left, leftCost] = [left, right, rightCost];
      right = low + ratio * (high - low);
      rightCost = cost(right);
    }
  }
  return (low + high) / 2;
}
