import { AppError } from "../../contract/errors.ts";

/** What `kernels/kernels.wasm` exports; addresses in the heap it imports, as its sources describe them. */
export interface PlanKernels {
  /** Runs the records at an address. */
  run(record: number): void;
  fillTable(table: number, scale: number, min: number): void;
  packPanel(
    target: number,
    source: number,
    storage: number,
    table: number,
    scales: number,
    bias: number,
    taps: number,
    inputs: number,
    paddedInputs: number,
    outputs: number,
    channel: number,
    width: number,
  ): void;
  packDepthwise(
    target: number,
    source: number,
    storage: number,
    table: number,
    scales: number,
    bias: number,
    taps: number,
    channels: number,
    paddedChannels: number,
  ): void;
  packIntegerPanel(
    target: number,
    source: number,
    zero: number,
    taps: number,
    inputs: number,
    paddedInputs: number,
    outputs: number,
    channel: number,
  ): void;
  packIntegerDepthwise(
    target: number,
    source: number,
    zero: number,
    channels: number,
    paddedChannels: number,
  ): void;
  packVector(
    target: number,
    source: number,
    storage: number,
    table: number,
    scales: number,
    length: number,
    padded: number,
  ): void;
  allFinite(values: number, count: number): number;
}

/**
 * Our kernels on the memory of the tfjs heap.
 * @throws engine_unavailable when the module is another one
 */
export function instantiatePlanKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): PlanKernels {
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    if (typeof exports["run"] === "function" && typeof exports["packPanel"] === "function") {
      // the module that kernels/build.sh writes exports exactly these functions of numbers
      return exports as unknown as PlanKernels;
    }
  } catch (cause) {
    throw wrongModule(cause);
  }
  throw wrongModule();
}

function wrongModule(cause?: unknown): AppError {
  return new AppError(
    "engine_unavailable",
    "the module is not our inference kernels; load shared/inference/kernels/kernels.wasm",
    { cause },
  );
}
