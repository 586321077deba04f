import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { chooseEngine } from "../../../shared/inference/engine-choice.ts";
import type { LoadedGraph } from "../../../shared/inference/loaded-graph.ts";
import { graphBundle } from "../../fixtures/graph-bundle.ts";
import { runIntegerNet } from "../../fixtures/integer-reference.ts";
import { type IntegerNet, randomIntegerNet } from "../../fixtures/random-integer-net.ts";

const everything = { embedding: true, featureMap: true } as const;

/** Asserts that a runtime computes nets in integers as plain loops do: the same bits in Node and in workerd. */
export function describeIntegerPlan(runtime: string, open: () => Promise<unknown>): void {
  describe(`a plan in integers in ${runtime}`, () => {
    beforeAll(open);

    it("computes what plain integer loops compute, to the bit up to the mean", () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 1e9 }), (seed) => {
          const net = randomIntegerNet(seed);
          const graph = openNet(net);
          const data = pixelsOf(net, seed);
          try {
            expect(graph.engine).toBe("integer-plan");
            const got = graph.runImage({ width: net.side, height: net.side, data }, everything);
            const wanted = runIntegerNet(net, data);
            expect(got.featureMap).toEqual(wanted.featureMap);
            expect(got.embedding).toEqual(wanted.embedding);
            for (const [i, logit] of wanted.logits.entries()) expect(got.logits[i]).toBeCloseTo(logit, 3);
          } finally {
            graph.dispose();
          }
        }),
        { numRuns: 100, seed: 7 },
      );
    });

    it("gives the same bits for normalised values as for the bytes they come from", () => {
      for (let seed = 0; seed < 20; seed++) {
        const net = randomIntegerNet(seed);
        const graph = openNet(net);
        const data = pixelsOf(net, seed);
        const { scale, zeroPoint } = net.input;
        const normalised = Float32Array.from(data, (pixel) => (pixel - zeroPoint) * scale);
        const byBytes = graph.runImage({ width: net.side, height: net.side, data }, everything);
        expect(graph.run(normalised, 1, everything)).toEqual(byBytes);
        graph.dispose();
      }
    });
  });
}

function openNet({ graph, side, input }: IntegerNet): LoadedGraph {
  const spec = {
    width: side,
    height: side,
    mean: triple(input.zeroPoint / 255),
    std: triple(1 / (255 * input.scale)),
  };
  return chooseEngine(graphBundle(graph, spec, () => "none").bundle, "fastest").graph;
}

function triple(value: number): [number, number, number] {
  return [value, value, value];
}

function pixelsOf({ side }: IntegerNet, seed: number): Uint8Array {
  return Uint8Array.from(
    { length: side * side * 3 },
    (_, i) => (Math.imul(i + seed, 2_654_435_761) >>> 13) & 255,
  );
}
