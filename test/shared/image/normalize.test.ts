import { describe, expect, it } from "vitest";
import { normalize } from "../../../shared/image/normalize.ts";

const spec = { width: 2, height: 1, mean: [0.5, 0.25, 0], std: [0.5, 0.5, 0.25] } as const;
const tuples = { ...spec, mean: [...spec.mean], std: [...spec.std] } as {
  width: number;
  height: number;
  mean: [number, number, number];
  std: [number, number, number];
};
const image = { width: 2, height: 1, data: Uint8Array.of(0, 255, 51, 255, 0, 102) };

describe("normalize", () => {
  it("takes the mean off and divides by the deviation, channel by channel", () => {
    expect([...normalize(image, tuples)]).toEqual(
      [-1, 1.5, 0.8, 1, -0.5, 1.6].map((value) => Math.fround(value)),
    );
  });

  it("writes into the room it is given and leaves the image alone", () => {
    const out = new Float32Array(6);

    expect(normalize(image, tuples, out)).toBe(out);
    expect([...image.data]).toEqual([0, 255, 51, 255, 0, 102]);
  });

  it("rejects an image of another size", () => {
    expect(() => normalize({ ...image, width: 1, height: 2 }, tuples)).toThrow(/1x2 px for a model of 2x1/);
  });

  it("rejects too little room", () => {
    expect(() => normalize(image, tuples, new Float32Array(5))).toThrow(/room for 5 values, the image has 6/);
  });
});
