// What the kernels of kernels.ts call as tfjs's `backend_util`, `broadcast_util` and `util`, and our backend beside them.
export {
  assertAxesAreInnerMostDims,
  computeOutAndReduceShapes,
  expandShapeToKeepDim,
  getAxesPermutation,
  getInnerMostAxes,
} from "@tensorflow/tfjs-core/dist/ops/axis_util.js";
export { assertAndGetBroadcastShape } from "@tensorflow/tfjs-core/dist/ops/broadcast_util.js";
export { computeConv2DInfo, computePool2DInfo } from "@tensorflow/tfjs-core/dist/ops/conv_util.js";
export { now } from "@tensorflow/tfjs-core/dist/util.js";
export {
  assert,
  bytesPerElement,
  inferFromImplicitShape,
  parseAxisParam,
  sizeFromShape,
} from "@tensorflow/tfjs-core/dist/util_base.js";
