import type { ReportFacts } from "./report-facts.ts";

/** What page/report.js draws. */
export function pageData(facts: ReportFacts): unknown {
  const { manifest, evaluation, epochs, robustness } = facts;
  return {
    labels: manifest.labels,
    items: facts.items.map(({ cell, actual, predicted, probability, picture, path }) => ({
      c: cell,
      a: actual,
      p: predicted,
      q: fixed(probability),
      t: picture,
      n: path,
    })),
    answers: countAnswers(facts.answers),
    pictures: facts.pictures,
    epochs:
      epochs.length === 0
        ? null
        : {
            epoch: epochs.map(({ epoch }) => epoch + 1),
            trainLoss: epochs.map(({ trainLoss }) => fixed(trainLoss)),
            validationLoss: epochs.map(({ validationLoss }) => fixed(validationLoss)),
            accuracy: epochs.map(({ validationTop1Accuracy }) => fixed(validationTop1Accuracy)),
            learningRate: epochs.map(({ learningRate }) => learningRate),
          },
    bins: {
      middle: evaluation.calibrationBins.map(({ from, to }) => fixed((from + to) / 2)),
      accuracy: evaluation.calibrationBins.map(({ images, accuracy }) =>
        images === 0 ? null : fixed(accuracy),
      ),
      confidence: evaluation.calibrationBins.map(({ images, confidence }) =>
        images === 0 ? null : fixed(confidence),
      ),
      images: evaluation.calibrationBins.map(({ images }) => images),
    },
    coverage: {
      coverage: evaluation.coverage.map(({ coverage }) => fixed(coverage)),
      accuracy: evaluation.coverage.map(({ accuracy }) => fixed(accuracy)),
    },
    curves: facts.curves.map(({ label, cuts }) => ({
      label,
      falsePositiveRate: [0, ...cuts.map(({ falsePositiveRate }) => fixed(falsePositiveRate))],
      recall: [0, ...cuts.map(({ recall }) => fixed(recall))],
      precision: [cuts[0]?.precision ?? 1, ...cuts.map(({ precision }) => fixed(precision))],
    })),
    robustness:
      robustness === null
        ? null
        : {
            clean: fixed(robustness.clean.share),
            sweeps: robustness.sweeps.map(({ name, unit, points }) => ({
              name,
              unit,
              level: points.map(({ level }) => level),
              share: points.map(({ share }) => fixed(share)),
              low: points.map(({ low }) => fixed(low)),
              high: points.map(({ high }) => fixed(high)),
            })),
          },
  };
}

/**
 * Answers counted by class and probability, which a threshold is tried on: far fewer than there are images.
 * @returns of each predicted class and whole thousandth of its probability, rounded down, `[class, thousandth, right, wrong]`
 */
function countAnswers(answers: ReportFacts["answers"]): readonly (readonly number[])[] {
  const counts = new Map<string, [number, number, number, number]>();
  for (const { actual, predicted, probability } of answers) {
    const thousandth = Math.floor(1000 * probability);
    const key = `${predicted},${thousandth}`;
    const count = counts.get(key) ?? [predicted, thousandth, 0, 0];
    count[actual === predicted ? 2 : 3] += 1;
    counts.set(key, count);
  }
  return [...counts.values()];
}

/** Four digits are finer than a screen. */
function fixed(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
