import { narrowedSize } from "./fit-rows.ts";
import { stream } from "./random.ts";
import { fitSoftmaxRegression } from "./softmax-regression.ts";

/** One way to learn a head. */
export interface Way {
  /** The penalty. */
  readonly l2: number;
  /** Whether it is learnt on what the backbone's classifier says, along the classes that the images look like. */
  readonly isDirected: boolean;
}

/** What fitting a head depends on, in time. */
export interface HeadShape {
  /** Images times views. */
  readonly rows: number;
  /** Numbers in the features. */
  readonly size: number;
  /** Classes that the backbone's own classifier knows; `null` where it does not help. */
  readonly known: number | null;
  readonly classes: number;
}

/** Around 0.1, where features of ImageNet's nets do best; a wider range changes little. */
const penalties = [0.1, 1, 0.01] as const;
/** Of what known classes say beside those that the images look like; ten times more or less changes little. */
const directedPenalty = 3;

/** The ways to learn a head, those that help most often first. */
export function waysToFit(hasKnown: boolean): readonly Way[] {
  const [first, ...others] = penalties.map((l2) => ({ l2, isDirected: false }));
  const directed = hasKnown ? [{ l2: directedPenalty, isDirected: true }] : [];
  return [...(first === undefined ? [] : [first]), ...directed, ...others];
}

/**
 * Multiply-accumulates of fitting one way to `rows` rows, about: it depends on the images how soon a fit ends.
 * @param isNarrowed whether the rows are by as few numbers as they need
 */
export function fitMacs(shape: HeadShape, way: Way, rows: number, isNarrowed: boolean): number {
  const full = way.isDirected ? (shape.known ?? 0) : shape.size;
  const columns = isNarrowed ? narrowedSize(shape.rows, full) : full;
  return 2 * rows * columns * shape.classes * evaluations(way, shape.classes);
}

/** Multiply-accumulates of preparing the rows of a shape: what is known of them, and fewer numbers. */
export function prepareMacs({ rows, size, known }: HeadShape): number {
  const looking = known === null ? 0 : rows * size * known;
  return [size, ...(known === null ? [] : [known])].reduce(
    (sum, full) => sum + (narrowedSize(rows, full) === full ? 0 : rows * rows * full),
    looking,
  );
}

/** Times that a fit looks at all its rows; measured on MobileNets' features of 2 and 10 classes. */
function evaluations({ l2, isDirected }: Way, classes: number): number {
  if (isDirected) return Math.min(210, 20 * classes);
  const ofTen = l2 >= 1 ? 35 : l2 >= 0.1 ? 65 : 75;
  return ofTen * Math.min(1, 0.5 + classes / 20);
}

const probe = { rows: 128, size: 512, classes: 10, iterations: 20 };

/** Multiply-accumulates a millisecond of this machine as it is now, measured on a small fit. @param now in milliseconds */
export function measureFitSpeed(now: () => number = () => performance.now()): number {
  const { rows, size, classes, iterations } = probe;
  const random = stream(1, "fit speed");
  const features = Float32Array.from({ length: rows * size }, () => random.uniform());
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
  const fit = (): number => {
    let done = 0;
    fitSoftmaxRegression({ features, labels, size, classes }, 0.1, undefined, () => ++done >= iterations);
    return done;
  };
  // Once unmeasured, as the first runs of code are slow.
  fit();
  const start = now();
  return (2 * rows * size * classes * fit()) / Math.max(1e-3, now() - start);
}
