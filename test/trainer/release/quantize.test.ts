import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { fromFloat16, toFloat16 } from "../../../trainer/release/float16.ts";
import type { Graph } from "../../../trainer/release/graph-model.ts";
import { writeModelFiles } from "../../../trainer/release/model-files.ts";
import { dequantizeTensor, quantizeTensor } from "../../../trainer/release/quantize.ts";
import { useCpu } from "./backends.ts";

fc.configureGlobal({ seed: 1 });

const weights = fc.float32Array({ min: -100, max: 100, noNaN: true, minLength: 1, maxLength: 64 });

describe("toFloat16", () => {
  it("gives every half back from its own value", () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
    const back = toFloat16(fromFloat16(halves));
    const changed = [...halves].filter((bits) => back[bits] !== bits);
    // Of the NaNs only one is written.
    expect(changed.every((bits) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0)).toBe(true);
  });

  it("rounds to the nearest half and ties to even, over neighbouring halves", () => {
    const positive = fc.integer({ min: 0, max: 0x7bfe });
    fc.assert(
      fc.property(
        positive,
        fc.oneof(fc.constant(0.5), fc.double({ min: 0, max: 1, noNaN: true })),
        (bits, part) => {
          const [low, high] = fromFloat16(Uint16Array.of(bits, bits + 1)) as unknown as [number, number];
          const value = Math.fround(low + (high - low) * part);
          const [down, up] = [value - low, high - value];
          const expected = down < up ? bits : down > up ? bits + 1 : bits + (bits & 1);
          expect(toFloat16(Float32Array.of(value, -value))).toEqual(
            Uint16Array.of(expected, expected | 0x8000),
          );
        },
      ),
    );
  });

  it("rounds beyond the largest number to infinity and keeps NaN", () => {
    expect(toFloat16(Float32Array.of(65_519.99, 65_520, Infinity, -1e30, Number.NaN))).toEqual(
      Uint16Array.of(0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7e00),
    );
  });
});

describe("quantizeTensor", () => {
  it("keeps 0 exactly and every value within a step in uint8", () => {
    fc.assert(
      fc.property(weights, (values) => {
        const withZero = Float32Array.of(...values, 0);
        const stored = quantizeTensor("w", withZero, "uint8");
        const back = dequantizeTensor(stored);
        const step = (Math.max(...withZero) - Math.min(...withZero)) / 255;
        expect(back.at(-1)).toBe(0);
        withZero.forEach((value, i) => {
          expect(Math.abs(value - (back[i] as number))).toBeLessThanOrEqual(step * 1.001 + 1e-30);
        });
        expect(stored.bytes.length).toBe(withZero.length);
      }),
    );
  });

  it("is within half a step in uint8 where the range does not hold 0", () => {
    fc.assert(
      fc.property(fc.float32Array({ min: 1, max: 100, noNaN: true, minLength: 2 }), (values) => {
        const back = dequantizeTensor(quantizeTensor("w", values, "uint8"));
        const step = (Math.max(...values) - Math.min(...values)) / 255;
        values.forEach((value, i) => {
          expect(Math.abs(value - (back[i] as number))).toBeLessThanOrEqual(step * 0.51 + 1e-5);
        });
      }),
    );
  });

  it("gives float32 back bit by bit", () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1 }), (values) => {
        expect(dequantizeTensor(quantizeTensor("w", values, "none"))).toEqual(values);
      }),
    );
  });

  it("keeps a constant tensor, whatever the storage", () => {
    for (const storage of ["none", "float16", "uint8"] as const) {
      expect(dequantizeTensor(quantizeTensor("w", Float32Array.of(0.5, 0.5), storage))).toEqual(
        Float32Array.of(0.5, 0.5),
      );
    }
  });

  it("keeps in float32 what float16 cannot hold", () => {
    const values = Float32Array.of(1, 70_000);
    expect(quantizeTensor("w", values, "float16")).toMatchObject({ storage: "none" });
    expect(dequantizeTensor(quantizeTensor("w", values, "float16"))).toEqual(values);
  });

  it("rejects weights of a training that diverged", () => {
    expect(() => quantizeTensor("w", Float32Array.of(Number.NaN), "uint8")).toThrow(
      expect.toSatisfy((error) => isAppError(error, "unsupported_model")),
    );
  });
});

describe("writeModelFiles", () => {
  beforeAll(useCpu);

  it("writes aligned tensors that tfjs reads back as the dequantised values, in every mix of storages", () => {
    const storage = fc.constantFrom("none", "float16", "uint8");
    fc.assert(
      fc.property(fc.array(fc.tuple(weights, storage), { minLength: 1, maxLength: 6 }), (tensors) => {
        const graph: Graph = {
          nodes: [],
          signature: {},
          outputs: { logits: "logits" },
          weights: tensors.map(([values], i) => ({
            name: `w${i}`,
            shape: [values.length],
            type: "float32",
            values,
            role: "kernel",
            layer: `layer ${i}`,
          })),
        };
        const wanted = new Map(tensors.map(([, kind], i) => [`w${i}`, kind]));
        const { files, tensors: stored } = writeModelFiles(graph, ({ name }) => wanted.get(name) ?? "none");
        const model = JSON.parse(new TextDecoder().decode(files[0]?.bytes));
        const [group] = model.weightsManifest;
        expect(group.paths).toEqual(files.slice(1).map((file) => file.path));
        const bytes = Uint8Array.from(files.slice(1).flatMap((file) => [...file.bytes]));
        let offset = 0;
        for (const { shape, quantization } of group.weights) {
          const width = { float16: 2, uint8: 1 }[quantization?.dtype as string] ?? 4;
          expect(offset % width).toBe(0);
          offset += shape[0] * width;
        }
        const decoded = tf.io.decodeWeights(bytes.buffer, group.weights);
        for (const [i, [values, kind]] of tensors.entries()) {
          expect(stored[`w${i}`]).toBe(kind);
          expect(decoded[`w${i}`]?.dataSync()).toEqual(dequantizeTensor(quantizeTensor("w", values, kind)));
        }
        tf.dispose(decoded);
      }),
      { numRuns: 50 },
    );
  });

  it("splits large weights into shards of 4 MiB", () => {
    const values = new Float32Array((9 * 1024 * 1024) / 4);
    const weight = { name: "w", shape: [values.length], type: "float32", values, role: "kernel" } as const;
    const graph: Graph = {
      nodes: [],
      signature: {},
      outputs: { logits: "logits" },
      weights: [{ ...weight, layer: "w" }],
    };
    const { files, weightBytes, floatBytes } = writeModelFiles(graph, () => "none");
    expect(files.map((file) => file.path)).toEqual([
      "model.json",
      "group1-shard1of3.bin",
      "group1-shard2of3.bin",
      "group1-shard3of3.bin",
    ]);
    expect(weightBytes).toBe(floatBytes);
    expect(files.slice(1).map((file) => file.bytes.length)).toEqual([4194304, 4194304, 1048576]);
  });
});
