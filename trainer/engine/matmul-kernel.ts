import type * as tf from "@tensorflow/tfjs-core";
import * as core from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";
import { kernelInput, replaceKernel } from "./heap-access.ts";

/**
 * Repairs the WASM backend's `_FusedMatMul`: where it cannot use XNNPACK (a transposed side, more than one matrix)
 * stock tfjs adds the bias once for every 48 columns of depth, and to the wrong rows. Those cases run as the product
 * without bias, then the bias and the activation; the cases that XNNPACK computes stay as they are.
 */
export function registerMatMulKernel(): void {
  const stock = replaceKernel("_FusedMatMul", (call) => {
    // tfjs's op builds these attributes; the registry's type only hides their names
    const attrs = call.attrs as unknown as tf._FusedMatMulAttrs;
    const a = kernelInput(call.inputs, "a");
    const b = kernelInput(call.inputs, "b");
    const onXnnpack = !attrs.transposeA && !attrs.transposeB && a.shape[0] === 1 && b.shape[0] === 1;
    if (onXnnpack || call.inputs["bias"] === undefined) return required(stock).kernelFunc(call);
    return unfused(call, attrs);
  });
}

type Call = Parameters<tf.KernelFunc>[0];

function unfused({ inputs, backend }: Call, attrs: tf._FusedMatMulAttrs): tf.TensorInfo {
  const { transposeA, transposeB, activation, leakyreluAlpha } = attrs;
  const { a, b, bias, preluActivationWeights } = inputs;
  const steps: ((value: tf.TensorInfo | undefined) => tf.TensorInfo)[] = [
    () => run("BatchMatMul", { a, b }, { transposeA, transposeB }),
    (value) => run("Add", { a: value, b: bias }, {}),
  ];
  if (activation === "relu") steps.push((x) => run("Relu", { x }, {}));
  else if (activation === "relu6") steps.push((x) => run("Relu6", { x }, {}));
  else if (activation === "elu") steps.push((x) => run("Elu", { x }, {}));
  else if (activation === "sigmoid") steps.push((x) => run("Sigmoid", { x }, {}));
  else if (activation === "leakyrelu")
    steps.push((x) => run("LeakyRelu", { x }, { alpha: leakyreluAlpha ?? 0.2 }));
  else if (activation === "prelu") steps.push((x) => run("Prelu", { x, alpha: preluActivationWeights }, {}));

  function run(
    name: string,
    kernelInputs: tf.NamedTensorInfoMap,
    kernelAttrs: tf.NamedAttrMap,
  ): tf.TensorInfo {
    const result = required(core.getKernel(name, "wasm")).kernelFunc({
      inputs: kernelInputs,
      backend,
      attrs: kernelAttrs,
    });
    if (Array.isArray(result)) throw new AppError("internal", `the kernel ${name} gave more than one tensor`);
    return result;
  }
  let value: tf.TensorInfo | undefined;
  for (const step of steps) {
    const next = step(value);
    if (value !== undefined) disposeData(backend, value);
    value = next;
  }
  return required(value);
}

function disposeData(backend: object, tensor: tf.TensorInfo): void {
  if (backend instanceof core.KernelBackend) backend.disposeData(tensor.dataId);
}

function required<T>(value: T | undefined): T {
  if (value === undefined)
    throw new AppError("internal", "the WASM backend lacks a kernel of the matrix product");
  return value;
}
