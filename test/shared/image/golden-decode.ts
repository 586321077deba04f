import { beforeAll, describe, expect, it } from "vitest";
import golden from "../../golden/image-decode.json" with { type: "json" };
import { decodeDigests, type GoldenRuntime } from "./decode-digests.ts";

/** Asserts that a runtime decodes the fixtures to the very pixels on record: the same in Node and in workerd. */
export function describeGoldenDecode(
  runtime: string,
  open: () => GoldenRuntime | Promise<GoldenRuntime>,
): void {
  describe(`the codec in ${runtime}`, () => {
    let opened: GoldenRuntime;
    beforeAll(async () => {
      opened = await open();
    });

    it.each(Object.entries(golden))("decodes %s to the pixels on record", async (name, expected) => {
      expect(await decodeDigests(opened, name)).toEqual(expected);
    });
  });
}
