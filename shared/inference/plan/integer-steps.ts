import type { ModelManifest } from "../../contract/manifest.ts";
import {
  type ConvolutionStep,
  type DepthwiseStep,
  type Grid,
  type PlanStep,
  type PlanTensor,
  type PoolStep,
  sourcesOf,
} from "./steps.ts";

/**
 * Whether the kernels run a step on the grids that its tensors have, or have not: a convolution goes from grid to
 * grid, a mean over the whole image leaves them.
 */
export function areAlike(step: PlanStep): boolean {
  const tensors = [...sourcesOf(step), step.target];
  const onGrids = tensors.filter(({ grid }) => grid !== undefined).length;
  if (onGrids === 0) return true;
  switch (step.kind) {
    case "convolution":
      return onGrids === tensors.length;
    case "depthwise":
      return onGrids === tensors.length && step.window.rows === 3 && step.window.columns === 3;
    case "pool":
      return step.target.grid === undefined && isWholeMean(step);
    case "elementwise":
      return false;
    default:
      return step satisfies never;
  }
}

function isWholeMean({ source, target, window, isMaximum }: PoolStep): boolean {
  const isWhole = window.rows === source.rows && window.columns === source.columns;
  return isWhole && !isMaximum && window.top + window.left === 0 && target.rows * target.columns === 1;
}

/**
 * The grids of a manifest with that of the input, on which bytes of pixels are codes; none where it has none, or where
 * no byte means 0 in all three channels.
 */
export function gridsOf(
  { input, activationGrids }: Pick<ModelManifest, "input" | "activationGrids">,
  inputNode: string,
): ReadonlyMap<string, Grid> {
  const [mean, std] = [255 * input.mean[0], input.std[0]];
  const zeroPoint = Math.round(mean);
  const isGrid =
    Math.abs(mean - zeroPoint) < 1e-3 &&
    zeroPoint >= 0 &&
    zeroPoint <= 255 &&
    [...input.mean.map((value) => 255 * value - mean), ...input.std.map((value) => value - std)].every(
      (difference) => Math.abs(difference) < 1e-6,
    );
  if (activationGrids === undefined || !isGrid) return new Map();
  return new Map([...Object.entries(activationGrids), [inputNode, { scale: 1 / (255 * std), zeroPoint }]]);
}

/** The grid of a tensor that has one. */
export function gridOf({ grid }: PlanTensor): Grid {
  return grid ?? { scale: 1, zeroPoint: 0 };
}

/** That to which a step brings its sums. */
export function sumGridOf(step: ConvolutionStep | DepthwiseStep): Grid {
  return (step.kind === "convolution" ? step.sumGrid : undefined) ?? gridOf(step.target);
}

/** Pairs of values in a row of a window; a window of one column reads no padding of a pixel but to a pair. */
export function windowPairs({ source, window }: ConvolutionStep): number {
  return window.columns === 1 ? Math.ceil(source.channels / 2) : (window.columns * source.pitch) / 2;
}
