/** Directions among features along which the weights of a classifier may grow, since something is known of them. */
export interface Directions {
  readonly count: number;
  /** `[size, count]`, row-major; of any length. */
  readonly values: Float64Array;
}

/** Features with what they are along some directions as further columns. */
export interface DirectedFeatures {
  /** `[N, size + count]`, row-major */
  readonly features: Float32Array;
  /** Numbers in a row. */
  readonly size: number;
  /**
   * Leads the weights of the further columns back to those of the features, so that the answers stay the same.
   * @param solution for each class a row of weights, then a bias
   */
  fold(solution: Float64Array, classes: number): Float64Array;
}

/**
 * Adds a column for each direction.
 * @param features `[N, size]`, each of mean 0
 * @param deviation of the new columns, one factor for all
 */
export function addDirections(
  features: Float32Array,
  { count, values }: Directions,
  deviation: number,
): DirectedFeatures {
  const size = values.length / count;
  const along = multiply(features, values, size, count);
  const measured = Math.sqrt(along.reduce((sum, value) => sum + value * value, 0) / along.length) || 1;
  const factor = deviation / measured;
  const wide = size + count;
  const directed = new Float32Array((features.length / size) * wide);
  for (let row = 0; row * wide < directed.length; row++) {
    directed.set(features.subarray(row * size, (row + 1) * size), row * wide);
    for (let j = 0; j < count; j++)
      directed[row * wide + size + j] = factor * (along[row * count + j] as number);
  }
  return {
    features: directed,
    size: wide,
    fold: (solution, classes) => {
      const folded = new Float64Array(classes * (size + 1));
      for (let c = 0; c < classes; c++) {
        const own = solution.subarray(c * (wide + 1), (c + 1) * (wide + 1));
        for (let i = 0; i < size; i++) {
          let weight = own[i] as number;
          for (let j = 0; j < count; j++) {
            weight += factor * (values[i * count + j] as number) * (own[size + j] as number);
          }
          folded[c * (size + 1) + i] = weight;
        }
        folded[c * (size + 1) + size] = own[wide] as number;
      }
      return folded;
    },
  };
}

/** @returns `[N, count]` @param rows `[N, size]` @param columns `[size, count]` */
function multiply(rows: Float32Array, columns: Float64Array, size: number, count: number): Float64Array {
  const out = new Float64Array((rows.length / size) * count);
  for (let start = 0, target = 0; start < rows.length; start += size, target += count) {
    for (let i = 0; i < size; i++) {
      const value = rows[start + i] as number;
      for (let j = 0; j < count; j++) {
        out[target + j] = (out[target + j] as number) + value * (columns[i * count + j] as number);
      }
    }
  }
  return out;
}
