import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadCodec } from "../../../trainer/assets.ts";
import golden from "../../golden/image-decode.json" with { type: "json" };
import { describeGoldenDecode } from "./golden-decode.ts";

const folder = new URL("../../fixtures/images/", import.meta.url);

describeGoldenDecode("Node", () => ({
  codec: loadCodec(),
  readFixture: (name) => readFileSync(new URL(name, folder)),
}));

describe("the golden pixels", () => {
  it("cover every fixture", () => {
    const images = readdirSync(folder).filter((name) => /\.(?:jpg|png|webp)$/.test(name));

    expect(Object.keys(golden).toSorted()).toEqual(images.toSorted());
  });
});
