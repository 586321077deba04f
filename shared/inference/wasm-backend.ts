import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../contract/errors.ts";
import { ActivationArena } from "./plan/activation-arena.ts";
import { instantiatePlanKernels } from "./plan/kernels-module.ts";
import type { PlanRuntime } from "./plan/planned-graph.ts";
import { WasmHeap } from "./wasm-heap.ts";

type Dtype = tf.DataType;
type Values = tf.backend_util.BackendValues;
type DataId = object;

/** What the backend keeps of one tensor's data. */
export interface WasmTensorData {
  /** The number that the module's registry knows the data by; never reused, as XNNPACK caches weights by it. */
  readonly id: number;
  /** Bytes from the start of the memory. */
  readonly memoryOffset: number;
  readonly shape: number[];
  readonly dtype: Dtype;
  refCount: number;
}

const backendName = "wasm";
/** Above tfjs's cpu backend (1), as the stock WASM backend. */
const backendPriority = 2;

/**
 * tfjs's kernel backend on our {@link WasmHeap}; the kernels of `@tensorflow/tfjs-backend-wasm` run on it unchanged.
 * Other modules may import `wasm.memory` and work on tensors in place, at `dataIdMap.get(dataId).memoryOffset`.
 */
export class WasmBackend extends tf.KernelBackend {
  readonly wasm: WasmHeap;
  /** Our kernels on the same heap; without them stock tfjs runs every model. */
  readonly plans: PlanRuntime | undefined;
  readonly dataIdMap: tf.DataStorage<WasmTensorData>;
  readonly #register: (id: number, size: number, memoryOffset: number) => void;
  readonly #forget: (id: number) => void;
  /** 0 is the module's null. */
  #nextId = 1;

  constructor(heap: WasmHeap, kernels?: WebAssembly.Module) {
    super();
    this.wasm = heap;
    this.plans =
      kernels === undefined
        ? undefined
        : { kernels: instantiatePlanKernels(kernels, heap.memory), arena: new ActivationArena(heap) };
    this.#register = heap.function("register_tensor");
    this.#forget = heap.function("dispose_data");
    this.dataIdMap = new tf.DataStorage(this, tf.engine());
    heap.function("init_with_threads_count")(1);
  }

  override write(values: Values | null, shape: number[], dtype: Dtype): DataId {
    const dataId = { id: this.#nextId++ };
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: Values | null,
    shape: number[],
    dtype: Dtype,
    refCount: number,
  ): void {
    const size = tf.util.sizeFromShape(shape);
    const sizeBytes = size * bytesPerElement(dtype);
    const memoryOffset = this.wasm.malloc(sizeBytes) >>> 0;
    if (memoryOffset === 0 && sizeBytes > 0) {
      throw new AppError(
        "budget_exceeded",
        `a tensor of ${sizeBytes} bytes does not fit the WASM memory of ${this.memoryBytes} bytes; ` +
          "use a smaller model, image size or batch",
      );
    }
    this.#insert(dataId, { memoryOffset, shape, dtype, refCount }, size);
    if (values !== null) this.wasm.HEAPU8.set(bytesOf(values, sizeBytes), memoryOffset);
  }

  #insert(dataId: DataId, data: Omit<WasmTensorData, "id">, size: number): void {
    const id = this.#nextId++;
    this.dataIdMap.set(dataId, { id, ...data });
    this.#register(id, size, data.memoryOffset);
  }

  override async read(dataId: DataId): Promise<Values> {
    return this.readSync(dataId);
  }

  /** @param start first element  @param end element after the last */
  override readSync(dataId: DataId, start?: number, end?: number): Values {
    const { memoryOffset, dtype, shape } = this.dataIdMap.get(dataId);
    const width = bytesPerElement(dtype);
    const from = memoryOffset + (start ?? 0) * width;
    const to = memoryOffset + (end ?? tf.util.sizeFromShape(shape)) * width;
    const { buffer } = this.wasm.HEAPU8.slice(from, to);
    return viewOf(buffer, dtype, 0, (to - from) / width);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.dataIdMap.has(dataId)) return true;
    const data = this.dataIdMap.get(dataId);
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    this.wasm.free(data.memoryOffset);
    this.#forget(data.id);
    this.dataIdMap.delete(dataId);
    return true;
  }

  override refCount(dataId: DataId): number {
    return this.dataIdMap.has(dataId) ? this.dataIdMap.get(dataId).refCount : 0;
  }

  override incRef(dataId: DataId): void {
    if (this.dataIdMap.has(dataId)) this.dataIdMap.get(dataId).refCount++;
  }

  override numDataIds(): number {
    return this.dataIdMap.numDataIds();
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  /** Bytes the linear memory has now; it never shrinks. */
  get memoryBytes(): number {
    return this.wasm.memory.buffer.byteLength;
  }

  override async time(run: () => void): Promise<tf.BackendTimingInfo> {
    const start = tf.util.now();
    run();
    return { kernelMs: tf.util.now() - start };
  }

  override dispose(): void {
    this.wasm.function("dispose")();
  }

  /** Where the data of a tensor lies, in bytes from the start of the memory. */
  getMemoryOffset(dataId: DataId): number {
    return this.dataIdMap.get(dataId).memoryOffset;
  }

  /** Room for the output of a kernel, or a record of data that a kernel allocated at `memoryOffset` itself. */
  makeOutput(shape: number[], dtype: Dtype, memoryOffset?: number, values?: Values): tf.TensorInfo {
    if (memoryOffset === undefined) {
      return { dataId: this.write(values ?? null, shape, dtype), shape, dtype };
    }
    const dataId = { id: this.#nextId++ };
    this.#insert(dataId, { memoryOffset, shape, dtype, refCount: 1 }, tf.util.sizeFromShape(shape));
    return { dataId, shape, dtype };
  }

  /** The data of a tensor in place; valid until the memory grows. */
  typedArrayFromHeap({ shape, dtype, dataId }: tf.TensorInfo): Float32Array | Int32Array | Uint8Array {
    const { memoryOffset } = this.dataIdMap.get(dataId);
    return viewOf(this.wasm.HEAPU8.buffer, dtype, memoryOffset, tf.util.sizeFromShape(shape));
  }
}

function bytesPerElement(dtype: Dtype): number {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return tf.util.bytesPerElement(dtype);
  throw new AppError(
    "unsupported_model",
    `the WASM backend holds float32, int32 and bool tensors, not ${dtype}; convert the tensor first`,
  );
}

function bytesOf(values: Values, sizeBytes: number): Uint8Array {
  if (!ArrayBuffer.isView(values)) {
    throw new AppError("unsupported_model", "the WASM backend holds numeric tensors, not strings");
  }
  return new Uint8Array(values.buffer, values.byteOffset, sizeBytes);
}

function viewOf(
  buffer: ArrayBuffer,
  dtype: Dtype,
  offset: number,
  size: number,
): Float32Array | Int32Array | Uint8Array {
  if (dtype === "float32") return new Float32Array(buffer, offset, size);
  if (dtype === "int32") return new Int32Array(buffer, offset, size);
  return new Uint8Array(buffer, offset, size);
}

/**
 * Makes tfjs compute on our WASM backend: replaces any other backend called `wasm`, gives back ours where it is
 * installed already. Register the kernels (`@tensorflow/tfjs-backend-wasm`, or single ones) before the call:
 * tfjs sets up those that it knows at that moment.
 * @param module the compiled `tfjs-backend-wasm-simd.wasm`
 * @param options.kernels the compiled `kernels/kernels.wasm`; without it stock tfjs runs every model
 * @param options.maxBytes limit of the linear memory, 2 GiB unless told
 * @throws engine_unavailable when the module is another one, or tfjs does not take the backend
 */
export async function installWasmBackend(
  module: WebAssembly.Module,
  options: { readonly maxBytes?: number; readonly kernels?: WebAssembly.Module } = {},
): Promise<WasmBackend> {
  const present = tf.engine().registry[backendName];
  if (present instanceof WasmBackend) {
    await use();
    return present;
  }
  const backend = new WasmBackend(new WasmHeap(module, options.maxBytes), options.kernels);
  // tfjs swallows the error of a factory, so everything that may fail has been done above
  if (tf.engine().registryFactory[backendName] !== undefined) tf.removeBackend(backendName);
  tf.registerBackend(backendName, () => backend, backendPriority);
  await use();
  return backend;
}

/** tfjs only warns when it cannot use a backend, and `getBackend()` names it all the same: the boolean tells. */
async function use(): Promise<void> {
  if (!(await tf.setBackend(backendName))) {
    throw new AppError(
      "engine_unavailable",
      "tfjs refused the WASM backend; see the warning before this line",
    );
  }
}
