import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "./engine.ts";
import { kernelInput } from "./heap-access.ts";
import { runKernel, tensorAt } from "./kernel-calls.ts";

const forwardName = "EdgewiseNativeBatchNorm";
const backwardName = "EdgewiseNativeBatchNormGradient";

/** What tfjs-node's backend offers to run an op of TensorFlow that tfjs knows no kernel for. */
interface NativeBackend {
  readonly binding: Readonly<Record<string, number>>;
  executeMultipleOutputs(
    op: string,
    attributes: readonly object[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.TensorInfo[];
}

/**
 * Registers TensorFlow's own batch normalization in training mode: a third of the time of the same composed of tfjs's
 * ops, which pass over the batch again and again.
 * @returns whether the active backend can run it
 */
export function registerNativeBatchNorm(): boolean {
  if (!("executeMultipleOutputs" in tf.backend())) return false;
  // null where there is none, though the declared type does not say so
  if (tf.getKernel(forwardName, "tensorflow") as tf.KernelConfig | null) return true;
  tf.registerKernel({
    kernelName: forwardName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const native = nativeBackend(backend);
      const none = tf.tensor1d([]);
      const operands = [...["x", "gamma", "beta"].map((name) => kernelInput(inputs, name)), none, none];
      return native.executeMultipleOutputs("FusedBatchNormV3", attributes(native, attrs), operands, 6);
    },
  });
  tf.registerKernel({
    kernelName: backwardName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const names = ["dy", "x", "gamma", "saved1", "saved2", "saved3"];
      const operands = names.map((name) => kernelInput(inputs, name));
      const native = nativeBackend(backend);
      return native.executeMultipleOutputs("FusedBatchNormGradV3", attributes(native, attrs), operands, 5);
    },
  });
  tf.registerGradient({
    kernelName: forwardName,
    inputsToSave: ["x", "gamma"],
    outputsToSave: [false, false, false, true, true, true],
    gradFunc: (dys, saved, attrs) => {
      const inputs = {
        dy: Array.isArray(dys) ? tensorAt(dys, 0) : dys,
        x: tensorAt(saved, 0),
        gamma: tensorAt(saved, 1),
        saved1: tensorAt(saved, 2),
        saved2: tensorAt(saved, 3),
        saved3: tensorAt(saved, 4),
      };
      // at once, not one by one as tfjs asks for them: it frees what else a call made
      const gradients = runKernel(backwardName, inputs, attrs);
      const gradient = (index: number) => (): tf.Tensor => tensorAt(gradients, index);
      return { x: gradient(0), gamma: gradient(1), beta: gradient(2) };
    },
  });
  return true;
}

/** `Engine.normalizeBatch` by TensorFlow's own op. */
export const normalizeBatchNatively: Engine["normalizeBatch"] = (x, gamma, beta, { epsilon, relu }) => {
  const outputs = runKernel(forwardName, { x, gamma, beta }, { epsilon });
  const y = tensorAt(outputs, 0);
  const rows = x.size / gamma.size;
  // TensorFlow gives the unbiased one
  const variance = tf.mul(tensorAt(outputs, 2), (rows - 1) / Math.max(1, rows));
  return { y: relu ? tf.relu(y) : y, mean: tensorAt(outputs, 1), variance };
};

function attributes({ binding }: NativeBackend, attrs: tf.NamedAttrMap | undefined): readonly object[] {
  return [
    { name: "T", type: binding["TF_ATTR_TYPE"], value: binding["TF_FLOAT"] },
    { name: "U", type: binding["TF_ATTR_TYPE"], value: binding["TF_FLOAT"] },
    { name: "epsilon", type: binding["TF_ATTR_FLOAT"], value: Number(attrs?.["epsilon"]) },
    { name: "data_format", type: binding["TF_ATTR_STRING"], value: "NHWC" },
    { name: "is_training", type: binding["TF_ATTR_BOOL"], value: true },
  ];
}

function nativeBackend(backend: unknown): NativeBackend {
  // kernels are registered for the backend `tensorflow`, which is tfjs-node's
  return backend as NativeBackend;
}
