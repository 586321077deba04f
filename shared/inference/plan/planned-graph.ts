import { AppError } from "../../contract/errors.ts";
import { normalizationTables } from "../../image/normalize.ts";
import type { RgbImage } from "../../image/rgb-image.ts";
import type { Bundle } from "../bundle.ts";
import { storedWeights } from "../stored-weight.ts";
import type { Inference, InferenceOutputs, LoadedGraph } from "../loaded-graph.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import type { ActivationArena } from "./activation-arena.ts";
import type { PlanKernels } from "./kernels-module.ts";
import { heapIsFull, packedBytes, packWeights } from "./pack-weights.ts";
import { alignment, layOutPlan, recordsBytes, tablesBytes } from "./plan-memory.ts";
import { addressOf, type Placement } from "./placement.ts";
import { type Programs, recordBytes, stepsStart, writeRecords } from "./records.ts";
import { distancesOf, type Plan, type PlanTensor } from "./steps.ts";

/** Our kernels on a backend's heap, and the memory their plans share. */
export interface PlanRuntime {
  readonly kernels: PlanKernels;
  readonly arena: ActivationArena;
}

/**
 * A plan in the heap: its packed weights, and the records that the kernels run. The records are written again when
 * the arena, which all plans share, has moved.
 */
export class PlannedGraph implements LoadedGraph {
  readonly engine: "plan" | "integer-plan";
  readonly #bundle: Pick<Bundle, "manifest">;
  readonly #plan: Plan;
  readonly #heap: WasmHeap;
  readonly #runtime: PlanRuntime;
  readonly #block: number;
  readonly #recordsAddress: number;
  #placement: Placement;
  #programs: Programs | undefined;
  #isDisposed = false;

  /** @throws {AppError} unsupported_model when a weight is not finite, budget_exceeded when the heap is full */
  constructor(bundle: Bundle, plan: Plan, heap: WasmHeap, runtime: PlanRuntime) {
    const weightBytes = packedBytes(plan, bundle.graph.shapes);
    this.engine = plan.input.grid === undefined ? "plan" : "integer-plan";
    this.#bundle = { manifest: bundle.manifest };
    this.#plan = plan;
    this.#heap = heap;
    this.#runtime = runtime;
    this.#block = heap.malloc(alignment + weightBytes + tablesBytes + recordsBytes(plan)) >>> 0;
    if (this.#block === 0) throw heapIsFull(weightBytes);
    const weights = alignment * Math.ceil(this.#block / alignment);
    const tables = weights + weightBytes;
    this.#recordsAddress = tables + tablesBytes;
    try {
      const stored = storedWeights(bundle.weights);
      const weightsOf = packWeights(plan, stored, runtime.kernels, heap, weights);
      const layout = layOutPlan(plan);
      runtime.arena.claim(this, layout.sizeBytes);
      this.#placement = { layout, arena: 0, weightsOf, tables };
    } catch (error) {
      heap.free(this.#block);
      throw error;
    }
    for (const [channel, table] of normalizationTables(bundle.manifest.input).entries()) {
      new Float32Array(heap.memory.buffer, tables + 1024 * channel, 256).set(table);
    }
  }

  run(nhwc: Float32Array, batch: number, outputs: InferenceOutputs): Inference {
    const size = nhwc.length / batch;
    // one after the other: the same program as for one image, so the same bits
    const results = Array.from({ length: batch }, (_, index) =>
      this.#runValues(nhwc.subarray(index * size, (index + 1) * size), outputs),
    );
    return concatenate(results);
  }

  runImage(image: RgbImage, outputs: InferenceOutputs): Inference {
    const { rows, columns } = this.#plan.input;
    if (image.width !== columns || image.height !== rows) {
      throw new AppError(
        "invalid_argument",
        `an image of ${image.width}x${image.height} px for a model of ${columns}x${rows}; decode it at the model's size`,
      );
    }
    const { imageStart } = this.#currentPrograms();
    this.#heap.HEAPU8.set(image.data, this.#placement.arena);
    return this.#runFrom(imageStart, outputs);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#heap.free(this.#block);
    this.#runtime.arena.release(this);
  }

  #runValues(values: Float32Array, outputs: InferenceOutputs): Inference {
    const { valuesStart } = this.#currentPrograms();
    new Float32Array(this.#heap.memory.buffer, this.#placement.arena, values.length).set(values);
    return this.#runFrom(valuesStart, outputs);
  }

  /** Reads the input by the program at `start`, then runs the steps. */
  #runFrom(start: number, wanted: InferenceOutputs): Inference {
    const { kernels } = this.#runtime;
    const { logits, embedding, featureMap } = this.#bundle.manifest.outputs;
    kernels.run(this.#recordsAddress + start * recordBytes);
    kernels.run(this.#recordsAddress + stepsStart * recordBytes);
    return {
      logits: this.#read(logits),
      ...(wanted.embedding === true ? { embedding: this.#read(embedding?.node) } : {}),
      ...(wanted.featureMap === true ? { featureMap: this.#read(featureMap?.node) } : {}),
    };
  }

  #currentPrograms(): Programs {
    if (this.#isDisposed) throw new AppError("internal", "the model was disposed of and cannot run");
    const { address } = this.#runtime.arena;
    if (this.#programs === undefined || this.#placement.arena !== address) {
      this.#placement = { ...this.#placement, arena: address };
      this.#programs = writeRecords(this.#plan, this.#placement);
      const { words } = this.#programs;
      new Int32Array(this.#heap.memory.buffer, this.#recordsAddress, words.length).set(words);
    }
    return this.#programs;
  }

  #read(node: string | undefined): Float32Array {
    const tensor = this.#plan.outputs.get(node ?? "");
    if (tensor === undefined) {
      throw new AppError("invalid_argument", "the model has no such output; its manifest lists those it has");
    }
    return readTensor(this.#heap.memory.buffer, tensor, addressOf(tensor, this.#placement));
  }
}

/** A tensor's values without what its rows are padded with. */
function readTensor(buffer: ArrayBuffer, tensor: PlanTensor, address: number): Float32Array {
  const { rows, columns, channels, grid } = tensor;
  const { step, row } = distancesOf(tensor);
  if (rows * columns === 1 && grid === undefined) return new Float32Array(buffer, address, channels).slice();
  const values = new Float32Array(rows * columns * channels);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = address + y * row + x * step;
      const pixel =
        grid === undefined
          ? new Float32Array(buffer, at, channels)
          : Float32Array.from(new Int16Array(buffer, at, channels), (steps) => steps * grid.scale);
      values.set(pixel, (y * columns + x) * channels);
    }
  }
  return values;
}

function concatenate(results: readonly Inference[]): Inference {
  const [first] = results;
  if (first === undefined || results.length === 1) return first ?? { logits: new Float32Array() };
  const join = (pick: (result: Inference) => Float32Array): Float32Array => {
    const size = pick(first).length;
    const joined = new Float32Array(size * results.length);
    for (const [index, result] of results.entries()) joined.set(pick(result), index * size);
    return joined;
  };
  const empty = new Float32Array();
  return {
    logits: join((result) => result.logits),
    ...(first.embedding === undefined ? {} : { embedding: join((result) => result.embedding ?? empty) }),
    ...(first.featureMap === undefined ? {} : { featureMap: join((result) => result.featureMap ?? empty) }),
  };
}
