import { elementsOf, type GraphNode } from "../graph-model.ts";
import {
  boundsOf,
  type Compilation,
  inputConstant,
  inputTensor,
  resultLike,
  resultTensor,
  shapeOf,
  sourceOf,
} from "./compilation.ts";
import { type Bounds, noHalo, type PlanTensor } from "./steps.ts";

/** Sum or product of two tensors, or of a tensor and a constant. */
export function compileBinary(compilation: Compilation, node: GraphNode): PlanTensor | undefined {
  const [first, second] = [inputTensor(compilation, node, 0), inputTensor(compilation, node, 1)];
  const target = resultLike(compilation, node, first ?? second);
  if (target === undefined) return undefined;
  if (first === undefined || second === undefined) return compileWithConstant(compilation, node, target);
  const [left, right] = isSameImage(first, target) ? [first, second] : [second, first];
  const isPerChannel = right.rows * right.columns === 1 && right.channels === target.channels;
  const fits = isSameImage(left, target) && (isPerChannel || isSameImage(right, target));
  if (!fits || right.pitch !== left.pitch) return undefined;
  const operation = node.op === "Mul" ? "multiply" : "add";
  if (operation === "add" && fuseResidual(compilation, node, target)) return target;
  const bounds = boundsOf(undefined);
  compilation.steps.push({ kind: "elementwise", operation, left, right, target, bounds });
  return target;
}

/** The constant has one value, or one a channel; the order of the two does not change a bit. */
function compileWithConstant(
  compilation: Compilation,
  node: GraphNode,
  target: PlanTensor,
): PlanTensor | undefined {
  const tensorIndex = inputTensor(compilation, node, 0) === undefined ? 1 : 0;
  const left = inputTensor(compilation, node, tensorIndex);
  const right = inputConstant(compilation, node, 1 - tensorIndex);
  if (left === undefined || right === undefined || !isSameImage(left, target)) return undefined;
  const shape = shapeOf(compilation, right);
  const isPerChannel = shape.at(-1) === left.channels && elementsOf(shape) === left.channels;
  if (elementsOf(shape) !== 1 && !isPerChannel) return undefined;
  const operation = node.op === "Mul" ? "multiply" : "add";
  const bounds = boundsOf(undefined);
  compilation.steps.push({ kind: "elementwise", operation, left, right, target, bounds });
  return target;
}

function isSameImage(a: PlanTensor, b: PlanTensor): boolean {
  return a.rows === b.rows && a.columns === b.columns && a.channels === b.channels;
}

/** Lets a convolution without activation, which nobody else reads, do the addition. */
function fuseResidual(compilation: Compilation, node: GraphNode, target: PlanTensor): boolean {
  for (const index of [1, 0]) {
    const name = sourceOf(node.input[index] ?? "");
    const sum = compilation.tensors.get(name);
    const residual = inputTensor(compilation, node, 1 - index);
    const step = compilation.steps.find((candidate) => candidate.target === sum);
    if (sum === undefined || residual === undefined || residual === sum || !isOwn(compilation, name, sum))
      continue;
    if (step?.kind !== "convolution" || step.residual !== undefined || !isUnbounded(step.bounds)) continue;
    if (!isSameImage(residual, target) || !isSameImage(sum, target)) continue;
    // at the place of the addition, where both sides are known
    compilation.steps = compilation.steps.filter((candidate) => candidate !== step);
    const sumGrid = sum.grid === undefined ? {} : { sumGrid: sum.grid };
    compilation.steps.push({ ...step, target, residual, ...sumGrid });
    return true;
  }
  return false;
}

/** Whether the node that reads `name` now is the only one to read the tensor. */
function isOwn(compilation: Compilation, name: string, tensor: PlanTensor): boolean {
  return compilation.readers.get(name) === 1 && !compilation.shared.has(tensor);
}

function isUnbounded({ low, high }: Bounds): boolean {
  return low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY;
}

/** An activation of its own: bounds of the step before, else a copy with bounds. */
export function compileActivation(compilation: Compilation, node: GraphNode): PlanTensor | undefined {
  const name = sourceOf(node.input[0] ?? "");
  const left = inputTensor(compilation, node, 0);
  const target = resultLike(compilation, node, left);
  if (left === undefined || target === undefined) return undefined;
  const bounds = boundsOf(node.op);
  const step = compilation.steps.find((candidate) => candidate.target === left);
  const isFree = step !== undefined && "bounds" in step && isUnbounded(step.bounds);
  if (isFree && isOwn(compilation, name, left)) {
    Object.assign(step.bounds, bounds);
    return left;
  }
  compilation.steps.push({ kind: "elementwise", operation: "copy", left, target, bounds });
  return target;
}

/** A vector is an image of one pixel, so most reshapes do nothing; an image becomes a vector by a copy without gaps. */
export function compileReshape(compilation: Compilation, node: GraphNode): PlanTensor | undefined {
  const left = inputTensor(compilation, node, 0);
  const result = resultTensor(compilation, node);
  if (left === undefined || result === undefined) return undefined;
  if (isSameImage(left, result)) {
    if (compilation.readers.get(sourceOf(node.input[0] ?? "")) !== 1) compilation.shared.add(left);
    return left;
  }
  const isVector = result.rows === 1 && result.columns === 1;
  if (!isVector || left.pitch < 8 || left.channels % 4 !== 0) return undefined;
  const viewOf: PlanTensor = { ...left, pitch: left.channels, halo: noHalo() };
  const bounds = boundsOf(undefined);
  compilation.steps.push({ kind: "elementwise", operation: "copy", left, target: viewOf, bounds });
  return { rows: 1, columns: 1, channels: result.channels, pitch: result.channels, halo: noHalo(), viewOf };
}
