import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";
import type { WasmBackend } from "../../shared/inference/wasm-backend.ts";

/** What registered kernels need of the WASM backend. */
export interface HeapAccess {
  /** The address of a tensor's data in the heap. */
  pointer(tensor: tf.TensorInfo): number;
  /** A new float32 tensor with undefined contents. */
  allocate(shape: readonly number[]): tf.TensorInfo;
  /** Runs with the address of `floats` float32 that are free again afterwards. */
  withScratch(floats: number, run: (pointer: number) => void): void;
  /** A second tensor on the same data. */
  share(tensor: tf.TensorInfo): tf.TensorInfo;
  /** Gives back a tensor that never reached tfjs's engine. */
  release(tensor: tf.TensorInfo): void;
}

/** Reads and makes tensors of the WASM backend by address. */
export function createHeapAccess(backend: WasmBackend): HeapAccess {
  const access: HeapAccess = {
    pointer: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    allocate: (shape) => backend.makeOutput([...shape], "float32"),
    share: ({ dataId, shape, dtype }) => {
      // brings the data here when another backend holds it, which incRef alone would pass over
      backend.dataIdMap.get(dataId);
      backend.incRef(dataId);
      return { dataId, shape, dtype };
    },
    release: (tensor) => {
      backend.disposeData(tensor.dataId);
    },
    withScratch: (floats, run) => {
      const scratch = access.allocate([floats]);
      try {
        run(access.pointer(scratch));
      } finally {
        access.release(scratch);
      }
    },
  };
  return access;
}

/**
 * One named input of a kernel call.
 * @throws internal when tfjs did not pass it or it is not float32
 */
export function kernelInput(inputs: tf.NamedTensorInfoMap, name: string): tf.TensorInfo {
  const tensor = inputs[name];
  if (tensor === undefined || tensor.dtype !== "float32") {
    throw new AppError(
      "internal",
      `a training kernel needs a float32 input ${name}, got ${tensor?.dtype ?? "none"}`,
    );
  }
  return tensor;
}

/** Registers a kernel of the `wasm` backend in the place of the one that is there; gives back the old one. */
export function replaceKernel(kernelName: string, kernelFunc: tf.KernelFunc): tf.KernelConfig | undefined {
  // null where there is none, though the declared type does not say so
  const stock = tf.getKernel(kernelName, "wasm") as tf.KernelConfig | null | undefined;
  if (stock) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc });
  return stock ?? undefined;
}
