// oxlint-disable import/no-unassigned-import -- importing these registers their kernels
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { installWasmBackend, WasmBackend } from "../../../shared/inference/wasm-backend.ts";
import { WasmHeap } from "../../../shared/inference/wasm-heap.ts";
import { loadTfjsWasmModule, loadTrainingKernelsModule } from "../../../trainer/assets.ts";

const pageBytes = 65_536;
let backend: WasmBackend;

beforeAll(async () => {
  backend = await installWasmBackend(loadTfjsWasmModule());
});

beforeEach(async () => {
  await tf.setBackend("wasm");
});

describe("installWasmBackend", () => {
  it("replaces the backend that the package registered", () => {
    expect(tf.getBackend()).toBe("wasm");
    expect(tf.backend()).toBe(backend);
  });

  it("gives the same backend again, and makes it the current one", async () => {
    await tf.setBackend("cpu");

    expect(await installWasmBackend(loadTfjsWasmModule())).toBe(backend);
    expect(tf.getBackend()).toBe("wasm");
  });

  it("rejects a module that is not tfjs's", async () => {
    expect(() => new WasmHeap(loadTrainingKernelsModule())).toThrow(
      expect.objectContaining({ code: "engine_unavailable" }),
    );
  });
});

interface ConvolutionCase {
  readonly kind: "conv" | "depthwise" | "max" | "avg";
  readonly kernel: number;
  readonly stride: number;
  readonly pad: "same" | "valid";
}

function values(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x3fff_ffff - 1;
  });
}

function run({ kind, kernel, stride, pad }: ConvolutionCase, height: number, width: number): Float32Array {
  return tf.tidy(() => {
    const x = tf.tensor4d(values(2 * height * width * 4, 1), [2, height, width, 4]);
    const common = { x, strides: stride, pad, activation: "relu" as const };
    if (kind === "max") return tf.maxPool(x, kernel, stride, pad).dataSync<"float32">();
    if (kind === "avg") return tf.avgPool(x, kernel, stride, pad).dataSync<"float32">();
    if (kind === "conv") {
      const filter = tf.tensor4d(values(kernel * kernel * 20, 2), [kernel, kernel, 4, 5]);
      return tf.fused.conv2d({ ...common, filter, bias: tf.tensor1d(values(5, 3)) }).dataSync<"float32">();
    }
    const filter = tf.tensor4d(values(kernel * kernel * 4, 2), [kernel, kernel, 4, 1]);
    return tf.fused
      .depthwiseConv2d({ ...common, filter, bias: tf.tensor1d(values(4, 3)) })
      .dataSync<"float32">();
  });
}

/** Largest difference between the WASM backend and tfjs's own in JavaScript. */
async function deltaToCpu(conv: ConvolutionCase): Promise<number> {
  let largest = 0;
  for (const [height, width] of [
    [8, 8],
    [9, 6],
    [7, 11],
  ] as const) {
    await tf.setBackend("wasm");
    const wasm = run(conv, height, width);
    await tf.setBackend("cpu");
    const cpu = run(conv, height, width);
    expect(wasm.length).toBe(cpu.length);
    for (const [i, value] of cpu.entries())
      largest = Math.max(largest, Math.abs(value - (wasm[i] ?? Number.NaN)));
  }
  return largest;
}

const cases = (["conv", "depthwise", "max", "avg"] as const).flatMap((kind) =>
  [1, 2, 3, 5].flatMap((kernel) =>
    [1, 2, 3, 4].flatMap((stride) =>
      (["same", "valid"] as const).map((pad): ConvolutionCase => ({ kind, kernel, stride, pad })),
    ),
  ),
);
/** Wrong in tfjs-backend-wasm 4.22, and therefore refused in a bundle. */
const isWrong = ({ kind, kernel, stride, pad }: ConvolutionCase): boolean =>
  (kind === "conv" || kind === "depthwise") && pad === "same" && kernel > 1 && kernel < stride;

describe("kernels on the backend", () => {
  it("agree with tfjs's cpu backend over kernel sizes, strides and paddings", async () => {
    for (const conv of cases.filter((candidate) => !isWrong(candidate))) {
      expect({ conv, delta: await deltaToCpu(conv) }).toEqual({ conv, delta: expect.closeTo(0, 4) });
    }
  });

  it("differ from it exactly where a bundle may not go", async () => {
    for (const conv of cases.filter(isWrong)) expect(await deltaToCpu(conv)).toBeGreaterThan(0.1);
  });

  it("take arrays as arguments", () => {
    const transposed = tf.tidy(() =>
      tf.transpose(tf.reshape(tf.range(0, 24), [2, 3, 4]), [2, 0, 1]).dataSync(),
    );

    const columns = [0, 1, 2, 3].map((column) => [0, 4, 8, 12, 16, 20].map((first) => first + column));
    expect(Array.from(transposed)).toEqual(columns.flat());
  });

  it("fail by name when the module has no such kernel", () => {
    expect(() => backend.wasm.cwrap("NoSuchKernel", null, ["number"])(1)).toThrow(/no kernel NoSuchKernel/);
  });
});

describe("the memory", () => {
  it("grows by whole pages, by no more than was asked for", () => {
    const heap = new WasmHeap(loadTfjsWasmModule());
    const before = heap.memory.buffer.byteLength;
    const asked = before + 3 * pageBytes;

    expect(heap.malloc(asked)).toBeGreaterThan(0);
    expect(heap.memory.buffer.byteLength - before).toBeLessThanOrEqual(asked + 2 * pageBytes);
  });

  it("is seen whole after another module made it grow", () => {
    const kept = tf.tensor1d([1, 2, 3]);
    backend.wasm.memory.grow(1);

    expect(backend.wasm.HEAPU8.length).toBe(backend.wasm.memory.buffer.byteLength);
    expect(Array.from(tf.tidy(() => tf.add(kept, 1).dataSync()))).toEqual([2, 3, 4]);
    kept.dispose();
  });

  it("does not grow past its limit: the tensor is refused, and the next one is taken", () => {
    const heap = new WasmHeap(loadTfjsWasmModule(), 17 * 1024 * 1024);
    const small = new WasmBackend(heap);

    expect(() => small.write(null, [32, 1024, 1024], "float32")).toThrow(
      expect.objectContaining({ code: "budget_exceeded" }),
    );
    expect(heap.memory.buffer.byteLength).toBeLessThanOrEqual(17 * 1024 * 1024);
    expect(small.numDataIds()).toBe(0);
    expect(small.write(Float32Array.of(1), [1], "float32")).toBeDefined();
  });

  it("is given back: two hundred large tensors take no more than one", () => {
    tf.zeros([256, 1024]).dispose();
    const { memoryBytes } = backend;
    const { numTensors } = tf.memory();
    for (let i = 0; i < 200; i++) tf.zeros([256, 1024]).dispose();

    expect(backend.memoryBytes).toBe(memoryBytes);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe("tensors", () => {
  it("come back as they were written, whole and in part", async () => {
    const floats = tf.tensor1d([0.5, -1, 2]);
    const integers = tf.tensor1d([1, -2, 3], "int32");
    const booleans = tf.tensor1d([true, false], "bool");

    expect(await floats.data()).toEqual(Float32Array.of(0.5, -1, 2));
    expect(await integers.data()).toEqual(Int32Array.of(1, -2, 3));
    expect(Array.from(await booleans.data())).toEqual([1, 0]);
    expect(backend.readSync(floats.dataId, 1, 3)).toEqual(Float32Array.of(-1, 2));
    expect(backend.readSync(floats.dataId, 0, 0)).toEqual(new Float32Array());
    tf.dispose([floats, integers, booleans]);
  });

  it("share their data when reshaped, until both are disposed of", () => {
    const tensor = tf.tensor1d([1, 2, 3, 4]);
    const reshaped = tf.reshape(tensor, [2, 2]);

    expect(backend.refCount(tensor.dataId)).toBe(2);
    tensor.dispose();
    expect(Array.from(reshaped.dataSync())).toEqual([1, 2, 3, 4]);
    reshaped.dispose();
    expect(backend.numDataIds()).toBe(0);
  });

  it("of text are refused", () => {
    expect(() => tf.tensor1d(["a"]).dataSync()).toThrow(
      expect.objectContaining({ code: "unsupported_model" }),
    );
  });
});
