import { AppError } from "../../contract/errors.ts";
import { type StoredWeight, weightValues } from "../stored-weight.ts";
import { gridOf, sumGridOf, windowPairs } from "./integer-steps.ts";
import type { PlanKernels } from "./kernels-module.ts";
import type { ConvolutionStep, DepthwiseStep } from "./steps.ts";

/** 32-bit words that the packed weights of a step on grids take. */
export function integerWords(step: ConvolutionStep | DepthwiseStep): number {
  const { pitch } = step.target;
  if (step.kind === "depthwise") return 8 * pitch;
  return (2 + step.window.rows * windowPairs(step)) * pitch;
}

/** What a step of the plan reads, as the bundle stores it. */
export interface IntegerWeights {
  readonly filter: StoredWeight;
  readonly bias: StoredWeight;
  /** Address of the filter's bytes in the heap, for the moment. */
  readonly source: number;
}

/**
 * Packs the weights of a step on grids: bytes as they are stored, less their zero; biases on the grid of the sums, and
 * what brings sums to the next grid.
 * @param target address of {@link integerWords} words
 * @throws unsupported_model for weights that are no codes with a zero, and for factors that are not finite
 */
export function packIntegers(
  step: ConvolutionStep | DepthwiseStep,
  { filter, bias, source }: IntegerWeights,
  kernels: PlanKernels,
  memory: WebAssembly.Memory,
  target: number,
): void {
  const { channels, pitch } = step.target;
  const codes = readCodes(filter, channels);
  const heads = readHeads(step, codes, bias);
  const packedWords = integerWords(step);
  const group = step.kind === "depthwise" ? 4 : 16;
  const groupWords = (packedWords * group) / pitch;
  if (step.kind === "depthwise") kernels.packIntegerDepthwise(target, source, codes.zero, channels, pitch);
  const words = new Int32Array(memory.buffer, target, packedWords);
  const floats = new Float32Array(memory.buffer, target, packedWords);
  for (let channel = 0; channel < pitch; channel += group) {
    const start = (channel / group) * groupWords;
    if (step.kind === "convolution") {
      const { rows, columns } = step.window;
      const inputs = filter.shape.at(-2) ?? 0;
      const padded = (2 * windowPairs(step)) / columns;
      const address = target + 4 * start;
      kernels.packIntegerPanel(
        address,
        source,
        codes.zero,
        rows * columns,
        inputs,
        padded,
        channels,
        channel,
      );
    }
    words.set(heads.biases.subarray(channel, channel + group), start);
    floats.set(heads.factors.subarray(channel, channel + group), start + group);
  }
}

/** Biases on the grid of the sums and the factors from there to the target's, zeros for channels that only pad. */
function readHeads(
  step: ConvolutionStep | DepthwiseStep,
  { scaleOf }: Codes,
  bias: StoredWeight,
): { readonly biases: Int32Array; readonly factors: Float32Array } {
  const { pitch } = step.target;
  const biases = new Int32Array(pitch);
  const factors = new Float32Array(pitch);
  for (const [channel, value] of weightValues(bias).entries()) {
    const scale = gridOf(step.source).scale * scaleOf(channel);
    biases[channel] = Math.round(value / scale);
    factors[channel] = scale / sumGridOf(step).scale;
    if (!(Math.abs(value / scale) < 2 ** 30 && scale / sumGridOf(step).scale < 2 ** 20)) throw outside(bias);
  }
  return { biases, factors };
}

interface Codes {
  readonly zero: number;
  readonly scaleOf: (channel: number) => number;
}

/** The byte that means 0, and what a step of the codes is in each channel. */
function readCodes(filter: StoredWeight, channels: number): Codes {
  const { storage } = filter;
  if (storage.kind !== "table") throw outside(filter);
  const { scale, min, scales } = storage;
  const zero = Math.round(-min / scale);
  const isExact = Math.abs(-min / scale - zero) < 1e-3 && zero >= 0 && zero <= 255;
  if (!isExact || (scales !== undefined && scales.length !== channels)) throw outside(filter);
  return { zero, scaleOf: (channel) => scale * (scales?.[channel] ?? 1) };
}

function outside({ name }: StoredWeight): AppError {
  return new AppError(
    "unsupported_model",
    `weight ${name} of the model is on no grid that integers can be computed on; publish another version`,
  );
}
