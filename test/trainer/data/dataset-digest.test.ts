import { describe, it } from "vitest";
import { datasetDigest } from "../../../trainer/data/dataset-digest.ts";

const one = { label: "ant", sha256: "1".repeat(64), split: "train" } as const;
const other = { label: "bee", sha256: "2".repeat(64), split: "test" } as const;

describe("datasetDigest", () => {
  it("does not depend on the order of the images", ({ expect }) => {
    expect(datasetDigest([one, other])).toBe(datasetDigest([other, one]));
  });

  it.for([
    ["label", { ...one, label: "wasp" }],
    ["bytes", { ...one, sha256: "3".repeat(64) }],
    ["split", { ...one, split: "validation" }],
  ] as const)("changes with the %s of an image", ([, changed], { expect }) => {
    expect(datasetDigest([changed, other])).not.toBe(datasetDigest([one, other]));
  });

  it("counts an image that is there twice", ({ expect }) => {
    expect(datasetDigest([one, one, other])).not.toBe(datasetDigest([one, other]));
  });
});
