/** A smooth function and its gradient. @param gradient written, of the length of `x` @returns the value at `x` */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/** Options of {@link minimize}. */
export interface MinimizeOptions {
  readonly maxIterations?: number;
  /** Stops when the gradient's norm is below it. */
  readonly gradientTolerance?: number;
  /** Stops when an iteration gains less, as a share of the value. */
  readonly gainTolerance?: number;
  /** Asked after every iteration; stops there when it says so. */
  readonly isOver?: () => boolean;
}

/** Pairs of steps and gradient changes that stand for the curvature. */
const memory = 8;
const mostHalvings = 30;

interface Correction {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / (step . change) */
  readonly rho: number;
}

/**
 * Minimises by L-BFGS with backtracking (Nocedal & Wright 2006, algorithms 7.4 and 3.1), in float64 and without chance.
 * @param start left as it is
 * @returns where it ended
 */
export function minimize(
  objective: Objective,
  start: Float64Array,
  { maxIterations = 200, gradientTolerance = 1e-6, gainTolerance = 1e-6, isOver }: MinimizeOptions = {},
): Float64Array {
  let x = start.slice();
  let gradient = new Float64Array(x.length);
  let value = objective(x, gradient);
  const corrections: Correction[] = [];
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (Math.sqrt(dot(gradient, gradient)) < gradientTolerance) break;
    const direction = descent(gradient, corrections);
    const next = search(objective, { x, value, gradient, direction });
    if (next === null) break;
    const step = difference(next.x, x);
    const change = difference(next.gradient, gradient);
    const curvature = dot(step, change);
    if (curvature > 1e-12) {
      if (corrections.length === memory) corrections.shift();
      corrections.push({ step, change, rho: 1 / curvature });
    }
    const gain = value - next.value;
    ({ x, value, gradient } = next);
    if (gain <= gainTolerance * Math.max(1e-3, Math.abs(value)) || isOver?.() === true) break;
  }
  return x;
}

/** Minus the gradient times the inverse curvature, as far as the corrections know it. */
function descent(gradient: Float64Array, corrections: readonly Correction[]): Float64Array {
  const q = gradient.map((entry) => -entry);
  const newestFirst = corrections.toReversed();
  const alphas = newestFirst.map(({ step, change, rho }) => {
    const alpha = rho * dot(step, q);
    addScaled(q, change, -alpha);
    return alpha;
  });
  const [newest] = newestFirst;
  const scale =
    newest === undefined
      ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient)))
      : 1 / (newest.rho * dot(newest.change, newest.change));
  for (let i = 0; i < q.length; i++) q[i] = (q[i] as number) * scale;
  for (const [index, { step, change, rho }] of corrections.entries()) {
    const alpha = alphas[corrections.length - 1 - index] as number;
    addScaled(q, step, alpha - rho * dot(change, q));
  }
  return q;
}

interface Point {
  readonly x: Float64Array<ArrayBuffer>;
  readonly value: number;
  readonly gradient: Float64Array<ArrayBuffer>;
}

/** The first of ever shorter steps that gains enough; `null` when none does. */
function search(
  objective: Objective,
  { x, value, gradient, direction }: Point & { readonly direction: Float64Array },
): Point | null {
  const slope = dot(gradient, direction);
  let length = 1;
  for (let halving = 0; halving < mostHalvings; halving++) {
    const nextX = x.slice();
    addScaled(nextX, direction, length);
    const nextGradient = new Float64Array(x.length);
    const nextValue = objective(nextX, nextGradient);
    if (nextValue <= value + 1e-4 * length * slope) {
      return { x: nextX, value: nextValue, gradient: nextGradient };
    }
    length /= 2;
  }
  return null;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + factor * (source[i] as number);
}

function difference(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) - (b[i] as number);
  return out;
}
