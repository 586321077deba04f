import { gridOf, sumGridOf, windowPairs } from "./integer-steps.ts";
import { addressOf, type Placement, windowAddress, type Word } from "./placement.ts";
import {
  type Bounds,
  type ConvolutionStep,
  type DepthwiseStep,
  distancesOf,
  type Grid,
  type PlanTensor,
  type PoolStep,
} from "./steps.ts";

/** First words of the records, as `kernels/program.as.ts` reads them. */
const operations = { convolution: 7, depthwise: 8, mean: 9, image: 10 } as const;

const unbounded: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** The least and the largest integer that a grid and an activation allow. */
function limits({ scale, zeroPoint }: Grid, { low, high }: Bounds): [Word, Word] {
  return [
    { float: Math.max(-zeroPoint, Math.round(low / scale)) },
    { float: Math.min(255 - zeroPoint, Math.round(high / scale)) },
  ];
}

/** A convolution from grid to grid; the order of the words is that of the kernel's class, here and below. */
export function integerConvolutionRecord(step: ConvolutionStep, placement: Placement): Word[] {
  const { source, target, window, residual, bounds } = step;
  const from = distancesOf(source);
  const to = distancesOf(target);
  const added = residual === undefined ? { step: 0, row: 0 } : distancesOf(residual);
  const sums = sumGridOf(step);
  const total = gridOf(target);
  return [
    operations.convolution,
    windowAddress(source, window, placement),
    addressOf(target, placement),
    placement.weightsOf(step),
    residual === undefined ? 0 : addressOf(residual, placement),
    target.rows,
    target.columns,
    target.pitch,
    from.step * window.strideColumns,
    from.row * window.strideRows,
    window.rows,
    windowPairs(step),
    from.row,
    to.step,
    to.row,
    added.step,
    added.row,
    ...limits(sums, residual === undefined ? bounds : unbounded),
    { float: sums.scale / total.scale },
    { float: gridOf(residual ?? target).scale / total.scale },
    ...limits(total, bounds),
  ];
}

/** A depthwise convolution from grid to grid. */
export function integerDepthwiseRecord(step: DepthwiseStep, placement: Placement): Word[] {
  const { source, target, window, bounds } = step;
  const from = distancesOf(source);
  const to = distancesOf(target);
  return [
    operations.depthwise,
    windowAddress(source, window, placement),
    addressOf(target, placement),
    placement.weightsOf(step),
    target.rows,
    target.columns,
    target.pitch,
    from.step,
    from.row,
    to.step,
    to.row,
    window.strideRows,
    window.strideColumns,
    ...limits(gridOf(target), bounds),
  ];
}

/** A mean over the image, to float32. */
export function integerMeanRecord({ source, target }: PoolStep, placement: Placement): Word[] {
  const from = distancesOf(source);
  return [
    operations.mean,
    addressOf(source, placement),
    addressOf(target, placement),
    source.rows,
    source.columns,
    target.pitch,
    from.step,
    from.row,
    { float: gridOf(source).scale / (source.rows * source.columns) },
  ];
}

/** The reading of the input, of bytes or of normalised values. */
export function integerImageRecord(input: PlanTensor, placement: Placement, isBytes: boolean): Word[] {
  const { scale, zeroPoint } = gridOf(input);
  return [
    operations.image,
    placement.arena,
    addressOf(input, placement),
    input.rows,
    input.columns,
    distancesOf(input).row,
    zeroPoint,
    { float: isBytes ? 0 : 1 / scale },
  ];
}
