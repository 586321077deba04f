import { readFileSync } from "node:fs";
import { createImageCodec, type ImageCodec } from "../shared/image/codec.ts";
import { createJpegEncoder, type JpegEncoder } from "../shared/image/encoder.ts";

/** The codec that the Worker decodes with, from the committed module. */
export function loadCodec(): ImageCodec {
  return createImageCodec(compileModule(new URL("../shared/image/codec/codec.wasm", import.meta.url)));
}

/** The JPEG encoder, from the committed module. */
export function loadJpegEncoder(): JpegEncoder {
  return createJpegEncoder(compileModule(new URL("../shared/image/codec/encoder.wasm", import.meta.url)));
}

/** tfjs's WASM module of plain SIMD (no relaxed SIMD, no threads), as installed. */
export function loadTfjsWasmModule(): WebAssembly.Module {
  return compileModule(
    new URL(
      "tfjs-backend-wasm-simd.wasm",
      import.meta.resolve("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.js"),
    ),
  );
}

/** Our inference kernels for the heap of the module above; see `shared/inference/kernels`. */
export function loadInferenceKernelsModule(): WebAssembly.Module {
  return compileModule(new URL("../shared/inference/kernels/kernels.wasm", import.meta.url));
}

/** Our training kernels for the heap of the module above; see `trainer/kernels`. */
export function loadTrainingKernelsModule(): WebAssembly.Module {
  return compileModule(new URL("kernels/kernels.wasm", import.meta.url));
}

// Code that also runs in Workers must not compile: shared/webassembly.d.ts hides the constructor from it.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's constructor takes bytes
const CompiledModule = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;

/** A compiled module of a file. */
export function compileModule(file: URL): WebAssembly.Module {
  return new CompiledModule(readFileSync(file));
}
