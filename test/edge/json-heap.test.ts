import { describe, expect, it } from "vitest";
import { estimateJsonHeap } from "../../edge/http/json-heap.ts";

function estimate(json: string, most = Infinity): number {
  return estimateJsonHeap(new TextEncoder().encode(json), most);
}

/** Bytes of V8's heap for what some JSON of many values parses to, measured with pointers of 8 bytes. */
const measured: readonly (readonly [string, string, number])[] = [
  ["empty lists", "[],", 43],
  ["empty objects", "{},", 67],
  ["lists of one", "[0],", 68],
  ["lists of lists", "[[]],", 101],
  ["objects of objects", '{"a":{}},', 105],
  ["lists of three numbers", "[0.5,0.5,0.5],", 104],
  ["whole numbers", "0,", 10],
  ["numbers", "1.5,", 12],
];

describe("the estimate of parsed JSON", () => {
  it.each(measured)("is no less than %s take, and no more than three times that", (_, item, bytes) => {
    const each = estimate(item);

    expect(each).toBeGreaterThanOrEqual(bytes);
    expect(each).toBeLessThan(3 * bytes);
  });

  it.each([
    ["what looks like structure", '"[[[{{{,,,:::"'],
    ["quotes", String.raw`"\",[\",["`],
    ["a backslash before its end", String.raw`"[[\\"`],
    ["a quote after two backslashes", String.raw`"\\\"[[["`],
  ])("counts nothing in a text with %s", (_, text) => {
    expect(estimate(text)).toBe(estimate('""'));
    expect(estimate(`[${text},[]]`)).toBe(estimate('["",[]]'));
  });

  it("ends where a text does not, and past the most that is asked", () => {
    expect(estimate('["abc')).toBe(estimate('["abc"]'));
    expect(estimate(String.raw`["abc\"`)).toBe(estimate('["abc"]'));
    expect(estimate("[".repeat(1000), 100)).toBeLessThan(200);
  });
});
