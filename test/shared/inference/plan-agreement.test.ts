import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { chooseEngine } from "../../../shared/inference/engine-choice.ts";
import type { Inference, LoadedGraph } from "../../../shared/inference/loaded-graph.ts";
import type { WasmBackend } from "../../../shared/inference/wasm-backend.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { randomGraph } from "../../fixtures/random-graph.ts";

let backend: WasmBackend;

beforeAll(async () => {
  backend = await openInference();
});

/** Of the largest value; both engines round, in another order. */
const allowed = 2e-5;

const everything = { embedding: true, featureMap: true } as const;

/** Fills the heap with what is no number, so that nothing may rest on memory that was not written. */
function poison(): void {
  const bytes = 4 * 1024 * 1024;
  const address = backend.wasm.malloc(bytes);
  backend.wasm.HEAPU8.fill(0xff, address, address + bytes);
  backend.wasm.free(address);
}

/** Largest difference of any output, by the largest value of that output, 1 at least. */
function difference(a: Inference, b: Inference): number {
  return Math.max(
    ...(["logits", "embedding", "featureMap"] as const).map((output) => {
      const [left = new Float32Array(), right = new Float32Array([Number.NaN])] = [a[output], b[output]];
      if (left.length !== right.length) return Number.POSITIVE_INFINITY;
      const scale = right.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
      return left.reduce((largest, value, i) => {
        const delta = Math.abs(value - (right[i] as number)) / scale;
        return delta <= largest ? largest : Number.isNaN(delta) ? Number.POSITIVE_INFINITY : delta;
      }, 0);
    }),
  );
}

function pixels(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from(
    { length },
    () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff) >> 16,
  );
}

describe("a compiled plan", () => {
  it("computes what stock tfjs computes, for graphs of every supported operation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (seed) => {
        const { bundle, height, width, operations } = randomGraph(seed);
        poison();
        const graphs: LoadedGraph[] = (["fastest", "stock"] as const).map(
          (choice) => chooseEngine(bundle, choice).graph,
        );
        const [plan, stock] = graphs as [LoadedGraph, LoadedGraph];
        try {
          expect({ operations, engine: plan.engine }).toEqual({ operations, engine: "plan" });
          const image = { width, height, data: pixels(height * width * 3, seed) };
          const delta = difference(plan.runImage(image, everything), stock.runImage(image, everything));
          expect({ operations, delta: Math.max(delta, allowed) }).toEqual({ operations, delta: allowed });
          const batch = Float32Array.from(
            pixels(2 * height * width * 3, seed + 1),
            (value) => value / 128 - 1,
          );
          const batchDelta = difference(plan.run(batch, 2, everything), stock.run(batch, 2, everything));
          expect({ operations, batchDelta: Math.max(batchDelta, allowed) }).toEqual({
            operations,
            batchDelta: allowed,
          });
        } finally {
          for (const graph of graphs) graph.dispose();
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
