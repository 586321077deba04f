/** Number of equal-width confidence bins of the expected calibration error. */
export const calibrationBinCount = 15;

/** One confidence bin of a reliability diagram; `from` exclusive, `to` inclusive, but for the first bin. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  /** Mean top probability of the bin's images, 0 when it is empty. */
  readonly confidence: number;
  /** Share of the bin's images whose top class is right, 0 when it is empty. */
  readonly accuracy: number;
}

/** One row a call: the class of the largest probability, ties to the lower index. */
export function topClass(probabilities: ArrayLike<number>, offset: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) {
    if ((probabilities[offset + c] as number) > (probabilities[offset + best] as number)) best = c;
  }
  return best;
}

/**
 * Confidence against accuracy in 15 equal-width bins (Guo et al. 2017, arXiv 1706.04599).
 * @param probabilities [N, C] row-major, rows sum to 1
 * @param labels [N] class indices
 */
export function calibrationBins(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): CalibrationBin[] {
  const counts = new Float64Array(calibrationBinCount);
  const confidences = new Float64Array(calibrationBinCount);
  const right = new Float64Array(calibrationBinCount);
  for (let i = 0; i < labels.length; i++) {
    const top = topClass(probabilities, i * classes, classes);
    const confidence = probabilities[i * classes + top] as number;
    const bin = Math.min(
      Math.max(Math.ceil(confidence * calibrationBinCount) - 1, 0),
      calibrationBinCount - 1,
    );
    counts[bin] = (counts[bin] as number) + 1;
    confidences[bin] = (confidences[bin] as number) + confidence;
    right[bin] = (right[bin] as number) + (top === labels[i] ? 1 : 0);
  }
  return Array.from(counts, (images, bin) => ({
    from: bin / calibrationBinCount,
    to: (bin + 1) / calibrationBinCount,
    images,
    confidence: images === 0 ? 0 : (confidences[bin] as number) / images,
    accuracy: images === 0 ? 0 : (right[bin] as number) / images,
  }));
}

/**
 * Mean gap between confidence and accuracy over the bins, weighted by their images.
 * @returns 0..1, 0 when there are no images
 */
export function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number {
  if (labels.length === 0) return 0;
  let sum = 0;
  for (const bin of calibrationBins(probabilities, labels, classes)) {
    sum += bin.images * Math.abs(bin.confidence - bin.accuracy);
  }
  return sum / labels.length;
}

/** A probability of 0 would cost infinitely many nats, which no manifest can hold. */
const smallestProbability = 1e-12;

/**
 * Mean of `-ln p(right class)`, with p taken as at least 1e-12.
 * @returns nats, 0 when there are no images
 */
export function negativeLogLikelihood(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const probability = probabilities[i * classes + (labels[i] as number)] as number;
    sum -= Math.log(Math.max(probability, smallestProbability));
  }
  return labels.length === 0 ? 0 : sum / labels.length;
}

/**
 * Mean squared distance between the probabilities and the one-hot truth, summed over the classes (Brier 1950).
 * @returns 0..2, 0 when there are no images
 */
export function brierScore(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    for (let c = 0; c < classes; c++) {
      const error = (probabilities[i * classes + c] as number) - (c === labels[i] ? 1 : 0);
      sum += error * error;
    }
  }
  return labels.length === 0 ? 0 : sum / labels.length;
}
