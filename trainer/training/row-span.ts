/** Rows told by how far they reach along directions at right angles, of which no more are needed than there are rows. */
export interface SpannedRows {
  /** Numbers in a row. */
  readonly size: number;
  /** `[N, size]` each: of the lengths and angles that the rows have. */
  readonly views: readonly [Float32Array, ...Float32Array[]];
  /** How far directions reach along the same ones. @param directions `[numbers before, count]` @returns `[size, count]` */
  turn(directions: Float64Array, count: number): Float64Array;
}

/** Share of a row's length below which what is left of it is rounding. */
const rounding = 1e-6;

/**
 * Turns rows so that they need fewer numbers (modified Gram-Schmidt in float64): a linear classifier of few rows with
 * many numbers is found sooner, and answers the same.
 * @param views `[N, size]` each
 */
export function spanRows(views: readonly [Float32Array, ...Float32Array[]], size: number): SpannedRows {
  const basis: Float64Array[] = [];
  const reach = (row: Float32Array): number[] => {
    const rest = Float64Array.from(row);
    const length = norm(rest);
    const along = basis.map((direction) => takeAlong(rest, direction));
    const left = norm(rest);
    if (left > rounding * length) {
      basis.push(rest.map((value) => value / left));
      along.push(left);
    }
    return along;
  };
  const reaches = views.map((view) =>
    Array.from({ length: view.length / size }, (_, row) =>
      reach(view.subarray(row * size, (row + 1) * size)),
    ),
  );
  const narrow = Math.max(1, basis.length);
  const [first = new Float32Array(), ...others] = reaches.map((rows) => {
    const numbers = new Float32Array(rows.length * narrow);
    rows.forEach((along, row) => numbers.set(along, row * narrow));
    return numbers;
  });
  return {
    size: narrow,
    views: [first, ...others],
    turn: (directions, count) => {
      const turned = new Float64Array(narrow * count);
      for (const [place, direction] of basis.entries()) {
        for (let i = 0; i < size; i++) {
          const share = direction[i] as number;
          for (let j = 0; j < count; j++) {
            const at = place * count + j;
            turned[at] = (turned[at] as number) + share * (directions[i * count + j] as number);
          }
        }
      }
      return turned;
    },
  };
}

/** Takes from `rest` what it has of a direction. @returns how much that was */
function takeAlong(rest: Float64Array, direction: Float64Array): number {
  let along = 0;
  for (let i = 0; i < rest.length; i++) along += (rest[i] as number) * (direction[i] as number);
  for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] as number) - along * (direction[i] as number);
  return along;
}

function norm(values: Float64Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] as number) ** 2;
  return Math.sqrt(squares);
}
