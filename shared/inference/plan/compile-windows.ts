import { fusedOps, integers, text } from "../graph-attributes.ts";
import type { GraphNode } from "../graph-model.ts";
import {
  boundsOf,
  type Compilation,
  inputConstant,
  inputTensor,
  resultLike,
  resultTensor,
  shapeOf,
} from "./compilation.ts";
import { type PlanTensor, widenHalo, type Window } from "./steps.ts";

function windowOf(
  node: GraphNode,
  size: readonly [number, number],
  source: PlanTensor,
  target: PlanTensor,
): Window {
  const [, strideRows = 1, strideColumns = 1] = integers(node, "strides");
  const [rows, columns] = size;
  const padding = text(node, "padding", "");
  let [top, left] = [0, 0];
  if (padding === "EXPLICIT") [, , top = 0, , left = 0] = integers(node, "explicit_paddings");
  if (padding === "SAME") {
    top = Math.floor(Math.max(0, (target.rows - 1) * strideRows + rows - source.rows) / 2);
    left = Math.floor(Math.max(0, (target.columns - 1) * strideColumns + columns - source.columns) / 2);
  }
  return { rows, columns, strideRows, strideColumns, top, left };
}

/** A convolution, depthwise or not, with its bias and activation. */
export function compileConvolution(compilation: Compilation, node: GraphNode): PlanTensor | undefined {
  const isDepthwise = node.op === "FusedDepthwiseConv2dNative";
  const source = inputTensor(compilation, node, 0);
  const filter = inputConstant(compilation, node, 1);
  const bias = inputConstant(compilation, node, 2);
  const target = isDepthwise ? resultLike(compilation, node, source) : resultTensor(compilation, node);
  if (source === undefined || target === undefined || filter === undefined || bias === undefined)
    return undefined;
  if (source.viewOf !== undefined) return undefined;
  const [rows = 0, columns = 0, , last] = shapeOf(compilation, filter);
  if (isDepthwise && last !== 1) return undefined;
  const window = windowOf(node, [rows, columns], source, target);
  widenHalo(source, window, target);
  const bounds = boundsOf(fusedOps(node)[1]);
  const kind = isDepthwise ? "depthwise" : "convolution";
  compilation.steps.push({ kind, source, target, filter, bias, window, bounds });
  return target;
}

const singlePixel: Window = { rows: 1, columns: 1, strideRows: 1, strideColumns: 1, top: 0, left: 0 };

/** A dense layer: a convolution of an image of one pixel. */
export function compileDense(compilation: Compilation, node: GraphNode): PlanTensor | undefined {
  const source = inputTensor(compilation, node, 0);
  const filter = inputConstant(compilation, node, 1);
  const bias = inputConstant(compilation, node, 2);
  const target = resultTensor(compilation, node);
  if (source === undefined || target === undefined || filter === undefined || bias === undefined)
    return undefined;
  const bounds = boundsOf(fusedOps(node)[1]);
  compilation.steps.push({ kind: "convolution", source, target, filter, bias, window: singlePixel, bounds });
  return target;
}

/** Pooling; a mean over height and width is one whose window is the image. */
export function compilePool(compilation: Compilation, node: GraphNode): PlanTensor | undefined {
  const source = inputTensor(compilation, node, 0);
  const target = resultLike(compilation, node, source);
  if (source === undefined || target === undefined) return undefined;
  let window: Window = { ...singlePixel, rows: source.rows, columns: source.columns };
  if (node.op !== "Mean") {
    const [, rows = 1, columns = 1] = integers(node, "ksize");
    window = windowOf(node, [rows, columns], source, target);
  }
  compilation.steps.push({ kind: "pool", source, target, window, isMaximum: node.op === "MaxPool" });
  return target;
}
