import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { quickArray } from "../../../shared/contract/quick-array.ts";

describe("an array schema with a quick way", () => {
  const plain = z.array(z.number());
  const quick = quickArray(z.array(z.number()), Number.isFinite);
  const short = quickArray(z.array(z.number()).check(z.maxLength(2)), Number.isFinite);

  it.each([
    [[[]]],
    [[[1, 2.5, -0]]],
    [[["1"]]],
    [[[1, Number.NaN]]],
    [[[Number.POSITIVE_INFINITY]]],
    [[[1, null]]],
    [["12"]],
    [[undefined]],
    [[{ length: 0 }]],
  ])("takes and refuses what the schema does: %j", ([value]) => {
    expect(z.safeParse(quick, value)).toEqual(z.safeParse(plain, value));
  });

  it("keeps the checks of the whole array", () => {
    expect(z.safeParse(short, [1, 2]).success).toBe(true);
    expect(z.safeParse(short, [1, 2, 3]).success).toBe(false);
  });

  it("names the element that is wrong, within what holds the array too", () => {
    const holder = z.object({ values: quick });

    expect(z.safeParse(holder, { values: [1, "2"] }).error?.issues[0]?.path).toEqual(["values", 1]);
  });

  it("is described as the schema is", () => {
    expect(z.toJSONSchema(quick)).toEqual(z.toJSONSchema(plain));
  });
});
