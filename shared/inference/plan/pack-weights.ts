import { AppError } from "../../contract/errors.ts";
import { notFinite, type StoredWeight, weightValues } from "../stored-weight.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { PlanKernels } from "./kernels-module.ts";
import { integerWords, packIntegers } from "./pack-integers.ts";
import type { ConvolutionStep, DepthwiseStep, ElementwiseStep, Plan, PlanStep } from "./steps.ts";

/** How the kernels know storages. */
const storageCodes = { float32: 0, float16: 1, table: 2 } as const;
const tableBytes = 256 * 4;
const alignment = 64;

/** Bytes that the packed weights of a plan take. */
export function packedBytes(plan: Plan, shapes: ReadonlyMap<string, readonly number[]>): number {
  return plan.steps.reduce((total, step) => total + align(4 * packedValues(step, shapes)), 0);
}

function packedValues(step: PlanStep, shapes: ReadonlyMap<string, readonly number[]>): number {
  if (step.kind === "elementwise") return typeof step.right === "string" ? step.target.pitch : 0;
  if (step.kind === "pool") return 0;
  const { source, target, filter } = step;
  if (source.grid !== undefined) return integerWords(step);
  const taps = tapsOf(shapes.get(filter) ?? []);
  return step.kind === "depthwise" ? (taps + 1) * target.pitch : (taps * source.pitch + 1) * target.pitch;
}

/** Positions of a filter's window; a dense layer has one. */
function tapsOf(shape: readonly number[]): number {
  const [height = 0, width = 0] = shape;
  return shape.length === 4 ? height * width : 1;
}

/**
 * Packs the weights straight from their stored bytes; no float copy is made on the way.
 * @param address of {@link packedBytes} bytes
 * @returns the address of each step's weights
 * @throws {AppError} unsupported_model when a weight is not finite, budget_exceeded when the heap is full
 */
export function packWeights(
  plan: Plan,
  stored: ReadonlyMap<string, StoredWeight>,
  kernels: PlanKernels,
  heap: WasmHeap,
  address: number,
): (step: PlanStep) => number {
  const packer = createPacker(stored, kernels, heap);
  const addresses = new Map<PlanStep, number>();
  let next = address;
  try {
    for (const step of plan.steps) {
      addresses.set(step, next);
      next += align(4 * packStep(packer, step, next));
    }
  } finally {
    packer.free();
  }
  return (step) => addresses.get(step) ?? 0;
}

/** A weight's bytes in the heap for the moment, and how the kernels read them. */
interface Staged {
  readonly weight: StoredWeight;
  readonly source: number;
  readonly storage: number;
  readonly table: number;
  readonly scales: number;
}

interface Packer {
  readonly kernels: PlanKernels;
  readonly memory: WebAssembly.Memory;
  /** The weight of a layer of that many output channels, in the heap until the next call with the same place. */
  stage(place: "filter" | "bias", name: string, channels: number): Staged;
  /** Room for a bias, unpacked. */
  readonly biasValues: number;
  free(): void;
}

function createPacker(
  stored: ReadonlyMap<string, StoredWeight>,
  kernels: PlanKernels,
  heap: WasmHeap,
): Packer {
  const weights = [...stored.values()];
  const largest = Math.max(...weights.map(stagedBytes));
  const longest = Math.max(...weights.map(longestVector));
  const slotBytes = align(largest) + tableBytes + align(4 * longest);
  const start = heap.malloc(2 * slotBytes + 4 * (longest + 8));
  if (start === 0) throw heapIsFull(2 * slotBytes);
  return {
    kernels,
    memory: heap.memory,
    biasValues: start + 2 * slotBytes,
    free: () => heap.free(start),
    stage: (place, name, channels) => {
      const found = stored.get(name);
      if (found === undefined)
        throw new AppError("unsupported_model", `${name} of model.json is no float32 weight`);
      const weight = scaledByChannel(found, channels);
      const source = start + (place === "filter" ? 0 : slotBytes);
      const table = source + align(largest);
      const scales = table + tableBytes;
      const { storage } = weight;
      heap.HEAPU8.set(weight.bytes, source);
      if (storage.kind === "table") {
        kernels.fillTable(table, storage.scale, storage.min);
        if (storage.scales !== undefined) {
          new Float32Array(heap.memory.buffer, scales, storage.scales.length).set(storage.scales);
        }
      }
      const hasScales = storage.kind === "table" && storage.scales !== undefined;
      return { weight, source, storage: storageCodes[storage.kind], table, scales: hasScales ? scales : 0 };
    },
  };
}

/** Our kernels scale by output channel; what is scaled otherwise becomes floats first. */
function scaledByChannel(weight: StoredWeight, channels: number): StoredWeight {
  const { storage } = weight;
  if (storage.kind !== "table" || storage.scales === undefined) return weight;
  if (storage.scales.length === channels) return weight;
  const values = weightValues(weight);
  return { ...weight, bytes: new Uint8Array(values.buffer), storage: { kind: "float32" } };
}

/** Bytes that a weight may take while it is packed. */
function stagedBytes({ bytes, storage }: StoredWeight): number {
  return storage.kind === "table" && storage.scales !== undefined ? 4 * bytes.length : bytes.length;
}

/** Values of a bias, or of the scales of a filter. */
function longestVector({ shape, storage }: StoredWeight): number {
  const scales = storage.kind === "table" ? (storage.scales?.length ?? 0) : 0;
  return Math.max(shape.at(-1) ?? 1, scales);
}

/** The error for a heap without room. */
export function heapIsFull(sizeBytes: number): AppError {
  return new AppError(
    "budget_exceeded",
    `the model needs ${sizeBytes} more bytes of WASM memory than there are; use a smaller model or image size`,
  );
}

/** @returns how many values were written */
function packStep(packer: Packer, step: PlanStep, target: number): number {
  if ("filter" in step && step.source.grid !== undefined) return packOnGrid(packer, step, target);
  switch (step.kind) {
    case "convolution":
      return packConvolution(packer, step, target);
    case "depthwise":
      return packDepthwise(packer, step, target);
    case "elementwise":
      return packVector(packer, step, target);
    case "pool":
      return 0;
    default:
      return step satisfies never;
  }
}

/** Unpacks a bias of `length` values. @returns its address */
function unpackBias(packer: Packer, name: string, length: number): number {
  const { kernels, biasValues } = packer;
  const { source, storage, table, scales } = packer.stage("bias", name, length);
  const padded = 4 * Math.ceil(length / 4);
  kernels.packVector(biasValues, source, storage, table, scales, length, padded);
  if (kernels.allFinite(biasValues, padded) === 0) throw notFinite(name);
  return biasValues;
}

/** Refuses packed values that are not finite; where all that a byte may mean is, they need not be looked at. */
function checkFinite({ kernels }: Packer, filter: Staged, address: number, values: number): void {
  const isPlainTable = filter.storage === storageCodes.table && filter.scales === 0;
  if (isPlainTable && kernels.allFinite(filter.table, 256) !== 0) return;
  if (kernels.allFinite(address, values) === 0) throw notFinite(filter.weight.name);
}

function packOnGrid(packer: Packer, step: ConvolutionStep | DepthwiseStep, target: number): number {
  const { channels } = step.target;
  const bias = packer.stage("bias", step.bias, channels).weight;
  const { weight: filter, source } = packer.stage("filter", step.filter, channels);
  packIntegers(step, { filter, bias, source }, packer.kernels, packer.memory, target);
  return integerWords(step);
}

function packConvolution(packer: Packer, step: ConvolutionStep, target: number): number {
  const bias = unpackBias(packer, step.bias, step.target.channels);
  const filter = packer.stage("filter", step.filter, step.target.channels);
  const { weight, source, storage, table, scales } = filter;
  const taps = tapsOf(weight.shape);
  const inputs = weight.shape.at(-2) ?? 0;
  const { pitch } = step.source;
  const { channels, pitch: paddedOutputs } = step.target;
  let address = target;
  for (let channel = 0; channel < paddedOutputs; channel += 16) {
    const width = Math.min(16, paddedOutputs - channel);
    packer.kernels.packPanel(
      address,
      source,
      storage,
      table,
      scales,
      bias,
      taps,
      inputs,
      pitch,
      channels,
      channel,
      width,
    );
    address += 4 * (taps * pitch + 1) * width;
  }
  const values = (taps * pitch + 1) * paddedOutputs;
  checkFinite(packer, filter, target, values);
  return values;
}

function packDepthwise(packer: Packer, step: DepthwiseStep, target: number): number {
  const bias = unpackBias(packer, step.bias, step.target.channels);
  const filter = packer.stage("filter", step.filter, step.target.channels);
  const { weight, source, storage, table, scales } = filter;
  const taps = tapsOf(weight.shape);
  const { channels, pitch } = step.target;
  packer.kernels.packDepthwise(target, source, storage, table, scales, bias, taps, channels, pitch);
  const values = (taps + 1) * pitch;
  checkFinite(packer, filter, target, values);
  return values;
}

/** The constant side of an elementwise step, one value repeated for every channel where there is only one. */
function packVector(packer: Packer, step: ElementwiseStep, target: number): number {
  if (typeof step.right !== "string") return 0;
  const right = packer.stage("filter", step.right, step.target.channels);
  const { weight, source, storage, table, scales } = right;
  const { channels, pitch } = step.target;
  const { kernels } = packer;
  if (weight.shape.some((size) => size !== 1)) {
    kernels.packVector(target, source, storage, table, scales, channels, pitch);
  } else {
    for (let channel = 0; channel < pitch; channel++) {
      kernels.packVector(target + 4 * channel, source, storage, table, scales, channel < channels ? 1 : 0, 1);
    }
  }
  checkFinite(packer, right, target, pitch);
  return pitch;
}

function align(bytes: number): number {
  return alignment * Math.ceil(bytes / alignment);
}
