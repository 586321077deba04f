import * as fc from "fast-check";
import { describe, it } from "vitest";
import { fewestDigits } from "../../../trainer/release/verify.ts";

describe("fewestDigits", () => {
  it("is read back as the same float32", ({ expect }) => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(JSON.stringify(fewestDigits(value))))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it("is shorter than the double it is in", ({ expect }) => {
    expect(String(Math.fround(0.1))).toBe("0.10000000149011612");
    expect(fewestDigits(Math.fround(0.1))).toBe(0.1);
  });
});
