import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A model in TensorFlow Lite's own interpreter: pixels in, one 8-bit code a class out. */
export type Interpreter = (pixels: Uint8Array) => Uint8Array;

/** The parts of the package's module that are used; it has no types for Node. */
interface InterpreterModule {
  readonly HEAPU8: Uint8Array;
  _malloc(size: number): number;
  readonly TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(pointer: number, size: number, options: object): Created;
  };
}

interface Created {
  ok(): boolean;
  errorMessage(): string;
  value(): Runner;
}

interface Runner {
  GetInputs(): { get(index: number): { data(): Uint8Array } };
  GetOutputs(): { get(index: number): { data(): Uint8Array } };
  Infer(): boolean;
}

const wasm = fileURLToPath(new URL("node_modules/@tensorflow/tfjs-tflite/wasm/", import.meta.url));

/** Opens a .tflite file in the interpreter; the package is meant for browsers, its module runs in Node as well. */
export async function openInterpreter(file: Uint8Array): Promise<Interpreter> {
  // The package's glue is CommonJS without types.
  const create = createRequire(import.meta.url)(join(wasm, "tflite_web_api_cc_simd.js")) as (
    options: object,
  ) => Promise<InterpreterModule>;
  const module = await create({
    wasmBinary: readFileSync(join(wasm, "tflite_web_api_cc_simd.wasm")),
    print: quiet,
    printErr: quiet,
  });
  // oxlint-disable-next-line no-underscore-dangle -- the name that emscripten gives it
  const pointer = module._malloc(file.length);
  module.HEAPU8.set(file, pointer);
  const created = module.TFLiteWebModelRunner.CreateFromBufferAndOptions(pointer, file.length, {
    numThreads: 1,
    enableWebNNDelegate: false,
    webNNDevicePreference: 0,
    enableProfiling: false,
    maxProfilingBufferEntries: 16,
  });
  if (!created.ok()) throw new Error(`the interpreter refuses the model: ${created.errorMessage()}`);
  const runner = created.value();
  return (pixels) => {
    runner.GetInputs().get(0).data().set(pixels);
    if (!runner.Infer()) throw new Error("the interpreter failed");
    return runner.GetOutputs().get(0).data().slice();
  };
}

function quiet(): void {
  // the interpreter logs every model it opens
}
