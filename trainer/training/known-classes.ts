import type { Directions } from "./directions.ts";

/** The linear classifier that a backbone came with: what it was trained to tell apart. */
export interface KnownClassifier {
  /** `[size, known]`, row-major: one column for each class it knows. */
  readonly weights: Float32Array;
  /** `[known]` */
  readonly bias: Float32Array;
}

/** How that classifier sees some images. */
export interface KnownClasses {
  /**
   * For each class of a dataset, where the features point to the known classes that its images look like.
   * @param indices of the images that may be looked at  @param labels of all images
   */
  directions(indices: readonly number[], labels: Int32Array, classes: number): Directions;
}

/** Images of a class that are looked at; more change little. */
const mostSeen = 64;
/** Makes the few known classes that fit stand out from the many that fit a little. */
const sharpness = 2;

/**
 * Looks at images through the classifier of their backbone. Of a class with few images, which known classes they
 * resemble is soon known (after LEEP, Nguyen et al. 2020), and those were learnt from a thousand photos each.
 * @param features `[N, size]` of the images as they are
 */
export function openKnownClasses({ weights, bias }: KnownClassifier, features: Float32Array): KnownClasses {
  const known = bias.length;
  const size = weights.length / known;
  const seen = new Map<number, Float64Array>();

  function shares(index: number): Float64Array {
    const found = seen.get(index) ?? softmaxOf(features.subarray(index * size, (index + 1) * size));
    seen.set(index, found);
    return found;
  }

  function softmaxOf(row: Float32Array): Float64Array {
    const logits = Float64Array.from(bias);
    row.forEach((value, i) => {
      if (value === 0) return;
      const start = i * known;
      for (let k = 0; k < known; k++) {
        logits[k] = (logits[k] as number) + value * (weights[start + k] as number);
      }
    });
    const most = logits.reduce((a, b) => Math.max(a, b));
    return normalized(logits.map((logit) => Math.exp(logit - most)));
  }

  function likeness(members: readonly number[]): Float64Array {
    const sum = new Float64Array(known);
    for (const index of members) shares(index).forEach((share, k) => (sum[k] = (sum[k] as number) + share));
    return normalized(normalized(sum).map((share) => share ** sharpness));
  }

  return {
    directions: (indices, labels, classes) => {
      const values = new Float64Array(size * classes);
      for (let c = 0; c < classes; c++) {
        const alike = likeness(indices.filter((index) => labels[index] === c).slice(0, mostSeen));
        for (let i = 0; i < size; i++) {
          let sum = 0;
          for (let k = 0; k < known; k++) sum += (alike[k] as number) * (weights[i * known + k] as number);
          values[i * classes + c] = sum;
        }
      }
      return { count: classes, values };
    },
  };
}

/** Divided by the sum, all alike where that is 0. */
function normalized(values: Float64Array): Float64Array {
  const sum = values.reduce((a, b) => a + b, 0);
  return sum > 0 ? values.map((value) => value / sum) : values.fill(1 / values.length);
}
