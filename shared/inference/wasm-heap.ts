import { AppError } from "../contract/errors.ts";

/** A function that the compiled module exports; everything it takes and gives is a number. */
export type WasmFunction = (...args: readonly (number | boolean)[]) => number;

/** An argument of a wrapped kernel: a number, or bytes that are copied to the stack for the call. */
export type KernelArgument = number | boolean | Uint8Array;

const pageBytes = 64 * 1024;
/** What tfjs's own glue reports: 2 GiB less one page, as `malloc` gives signed offsets. */
const largestHeapBytes = 0x7fff_0000;
/** ESPIPE of WASI: the only streams are stdout and stderr, which cannot seek. */
const errnoSpipe = 70;

/**
 * The linear memory and the functions of tfjs's `tfjs-backend-wasm-simd.wasm`, without emscripten's JavaScript.
 * The stock glue compiles bytes, which Workers forbid; this takes a compiled module. The names that tfjs's
 * kernels use (`HEAPU8`, `cwrap`, `_free`) are kept as they are.
 */
export class WasmHeap {
  readonly memory: WebAssembly.Memory;
  /** Gives the offset of that many bytes, 0 when there is no room. */
  readonly malloc: (sizeBytes: number) => number;
  readonly free: (offset: number) => void;
  readonly #exports: Readonly<Record<string, unknown>>;
  readonly #maxBytes: number;
  #bytes: Uint8Array<ArrayBuffer>;

  /** @param maxBytes the memory never grows past this; a tensor that needs more is refused */
  constructor(module: WebAssembly.Module, maxBytes: number = largestHeapBytes) {
    this.#maxBytes = Math.min(maxBytes, largestHeapBytes);
    this.#exports = instantiate(module, this.#imports());
    const { memory } = this.#exports;
    if (!isMemory(memory)) throw wrongModule();
    this.memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.malloc = this.function("malloc");
    this.free = this.function("free");
    this.function("__wasm_call_ctors")();
  }

  /** All of the memory; the view is renewed when the memory grew, whoever made it grow. */
  get HEAPU8(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.buffer !== this.memory.buffer) this.#bytes = new Uint8Array(this.memory.buffer);
    return this.#bytes;
  }

  /** `free` as tfjs's kernels call it. */
  get _free(): (offset: number) => void {
    return this.free;
  }

  /** The exported function of this name. @throws engine_unavailable when the module has none */
  function(name: string): WasmFunction {
    const found = this.#exports[name];
    if (typeof found !== "function") {
      throw new AppError("engine_unavailable", `the tfjs WASM module exports no function ${name}`);
    }
    // every exported function of a WebAssembly module without i64 in its type has this signature
    return found as WasmFunction;
  }

  /** Wraps an export for a kernel, as emscripten's `cwrap`: `array` arguments lie on the stack during the call. */
  cwrap(
    name: string,
    _returnType: string | null,
    argumentTypes: readonly string[] = [],
  ): (...args: readonly KernelArgument[]) => number {
    if (typeof this.#exports[name] !== "function") {
      // kernels are set up whether they are used or not, so only the use of a missing one is an error
      return () => {
        throw new AppError("engine_unavailable", `the tfjs WASM module has no kernel ${name}`);
      };
    }
    const call = this.function(name);
    if (!argumentTypes.includes("array")) return call as (...args: readonly KernelArgument[]) => number;
    const stackSave = this.function("stackSave");
    const stackRestore = this.function("stackRestore");
    return (...args) => {
      const top = stackSave();
      try {
        return call(...args.map((argument) => this.#onStack(argument)));
      } finally {
        stackRestore(top);
      }
    };
  }

  #onStack(argument: KernelArgument): number | boolean {
    if (!(argument instanceof Uint8Array)) return argument;
    const offset = this.function("stackAlloc")(argument.length);
    this.HEAPU8.set(argument, offset);
    return offset;
  }

  #grow(requestedBytes: number): boolean {
    if (requestedBytes > this.#maxBytes) return false;
    const missing = requestedBytes - this.memory.buffer.byteLength;
    if (missing <= 0) return true;
    try {
      // exactly what was asked for: emscripten adds 20 %, which an isolate of 128 MB cannot spare
      this.memory.grow(Math.ceil(missing / pageBytes));
      return true;
    } catch {
      return false;
    }
  }

  #imports(): WebAssembly.Imports {
    return {
      env: {
        abort: () => {
          throw new AppError("internal", "the tfjs WASM module aborted");
        },
        emscripten_memcpy_big: (to: number, from: number, size: number) => {
          this.HEAPU8.copyWithin(to >>> 0, from >>> 0, (from >>> 0) + (size >>> 0));
        },
        emscripten_get_heap_max: () => this.#maxBytes,
        emscripten_resize_heap: (requested: number) => Number(this.#grow(requested >>> 0)),
      },
      wasi_snapshot_preview1: {
        fd_close: () => 0,
        fd_seek: () => errnoSpipe,
        fd_write: (_fd: number, vectors: number, count: number, written: number) => {
          const view = new DataView(this.memory.buffer);
          let total = 0;
          for (let i = 0; i < count; i++) total += view.getUint32(vectors + 8 * i + 4, true);
          view.setUint32(written, total, true);
          return 0;
        },
      },
    };
  }
}

function instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): Record<string, unknown> {
  try {
    return new WebAssembly.Instance(module, imports).exports;
  } catch (cause) {
    throw wrongModule(cause);
  }
}

function wrongModule(cause?: unknown): AppError {
  return new AppError(
    "engine_unavailable",
    "the module is not tfjs's; load tfjs-backend-wasm-simd.wasm of @tensorflow/tfjs-backend-wasm 4.22",
    { cause },
  );
}

function isMemory(value: unknown): value is WebAssembly.Memory {
  return value instanceof WebAssembly.Memory;
}
