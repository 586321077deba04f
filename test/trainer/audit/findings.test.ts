import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { DatasetImage } from "../../../shared/contract/dataset.ts";
import { describeFaults, describeLeaks } from "../../../trainer/audit/audit-manifest.ts";
import type { AuditedImage } from "../../../trainer/audit/examination.ts";
import { examineFile } from "../../../trainer/audit/examine-file.ts";
import { findImbalance, findMissingSplits } from "../../../trainer/audit/find-balance.ts";
import { findDuplicates, groupDuplicates } from "../../../trainer/audit/find-duplicates.ts";
import { findEncoding } from "../../../trainer/audit/find-encoding.ts";
import { findQuality } from "../../../trainer/audit/find-quality.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { sourceOfPath } from "../../../trainer/data/image-source.ts";
import { createPerturbations } from "../../../trainer/evaluation/perturbations.ts";
import { drawScene } from "../../../trainer/release/golden-images.ts";
import { photo, several } from "./audited-photo.ts";

const codec = loadCodec();
const encode = loadJpegEncoder();
const hashSpec = {
  width: 9,
  height: 8,
  fit: "stretch",
  cropFraction: 1,
  filter: "triangle",
  background: [128, 128, 128],
  denoise: "none",
} as Parameters<typeof examineFile>[2];

describe("findDuplicates", () => {
  it("is an error across splits and across labels, a warning within a class", () => {
    const same = { sha256: "a".repeat(64), perceptualHash: "f0e1d2c3b4a59687" };
    const across = [photo({ ...same, givenSplit: "train" }), photo({ ...same, givenSplit: "test" })];
    expect(findDuplicates(groupDuplicates(across))).toMatchObject([
      { check: "exact-duplicate", severity: "error" },
    ]);
    const labels = [photo(same), photo({ ...same, label: "bee" })];
    expect(findDuplicates(groupDuplicates(labels))).toMatchObject([
      { severity: "error", message: expect.stringContaining("ant and bee") },
    ]);
    expect(findDuplicates(groupDuplicates([photo(same), photo(same)]))).toMatchObject([
      { severity: "warning" },
    ]);
    expect(groupDuplicates(several(20))).toEqual([]);
  });

  it("does not take all plain pictures for one", () => {
    const plain = { contrast: 0, perceptualHash: "0000000000000000" };
    expect(groupDuplicates([photo(plain), photo(plain)])).toEqual([]);
  });
});

describe("findImbalance", () => {
  it("names classes that are small, and those more than 3 times as large as another", () => {
    const images = [...several(100), ...several(30, { label: "bee" }), ...several(33, { label: "cat" })];
    const [ratio, ...others] = findImbalance(images, ["ant", "bee", "cat"]);
    expect(ratio?.message).toContain("ant has 100 images, bee 30");
    expect(others).toEqual([]);
    expect(findImbalance([...several(40), ...several(20, { label: "bee" })], ["ant", "bee"])).toMatchObject([
      { message: expect.stringContaining("bee (20)") },
    ]);
  });
});

describe("findMissingSplits", () => {
  it("names the splits that a class is not in, unless it has fewer images than there are splits", () => {
    const images = [
      ...(["train", "train", "train", "test"] as const).map((split) => ({ label: "ant", split })),
      ...(["train", "validation", "calibration", "test"] as const).map((split) => ({ label: "bee", split })),
      { label: "cat", split: "train" as const },
    ];
    expect(findMissingSplits(images, ["ant", "bee", "cat"])).toMatchObject([
      { message: expect.stringContaining("no image of ant is in validation, calibration: its 4 images") },
    ]);
  });
});

describe("findQuality", () => {
  it("finds tiny, dark, bright, plain, blurred and damaged images", () => {
    const sound = several(20);
    const spoilt = {
      tiny: photo({ width: 20 }),
      plain: photo({ contrast: 2 }),
      dark: photo({ brightness: 10 }),
      bright: photo({ brightness: 250 }),
      blurred: photo({ sharpness: 0.05 }),
      damaged: photo({ damages: 3 }),
    };
    const findings = findQuality([...sound, ...Object.values(spoilt)]);
    expect(findings.map(({ check, images }) => [check, images.map(({ path }) => path)])).toEqual(
      Object.entries(spoilt).map(([check, { path }]) => [check, [path]]),
    );
    expect(findQuality(sound)).toEqual([]);
  });

  it("measures blur on real pixels: a blurred photo is far below the sharp ones", () => {
    const blur = createPerturbations(codec, encode).find(({ name }) => name === "blur");
    const scene = drawScene(3, 320, 240);
    const examine = (image: typeof scene) => examineFile(encode(image, 85), codec, hashSpec);
    const [sharp, blurred] = [examine(scene), examine(blur?.apply(scene, 4, 0) ?? scene)];
    expect(blurred.sharpness ?? 1).toBeLessThan(0.4 * (sharp.sharpness ?? 0));
  });
});

/** A fixture file as the audit sees it. */
function fixture(name: string): AuditedImage {
  const bytes = readFileSync(new URL(`../../fixtures/images/${name}`, import.meta.url));
  return { ...photo(), ...examineFile(new Uint8Array(bytes), codec, hashSpec) };
}

describe("findEncoding", () => {
  it("reads CMYK, grey, orientation and the colour profile of real files", () => {
    const files = [...several(20), fixture("cmyk.jpg"), fixture("orientation-6.jpg"), fixture("grey.jpg")];
    const findings = findEncoding(files);
    expect(findings.map(({ check, images }) => [check, images.map(({ note }) => note)])).toEqual([
      ["colour", ["CMYK, made for print"]],
      ["colour", ["grey"]],
      ["orientation", ["orientation 6"]],
    ]);
    expect(fixture("display-p3.jpg").colourProfile).toBe("made for tests");
  });
});

describe("sourceOfPath", () => {
  it.each([
    ["gate/IMG_0012.jpg", "gate/IMG"],
    ["gate/IMG_0013.jpg", "gate/IMG"],
    ["cam1/2026-01-31_23-59-59.jpg", "cam1"],
    ["cam1/visit (2).jpg", "cam1/visit"],
    ["0001.jpg", ""],
  ])("of %s is %s", (path, source) => {
    expect(sourceOfPath(path)).toBe(source);
  });
});

function indexed(path: string, label: string, perceptualHash: string): DatasetImage {
  return {
    path,
    sha256: "1".repeat(64),
    bytes: 1,
    width: 64,
    height: 64,
    label,
    split: "train",
    perceptualHash,
  };
}

describe("describeFaults", () => {
  it("says what an index shows: pictures with two labels, classes out of balance", () => {
    const manifest = {
      schemaVersion: 1 as const,
      dataset: "insects",
      datasetVersion: "0".repeat(16),
      digest: "0".repeat(64),
      createdAt: "2026-01-31T00:00:00Z",
      labels: ["ant", "bee"],
      images: [
        indexed("ant/1.jpg", "ant", "f0e1d2c3b4a59687"),
        indexed("bee/1.jpg", "bee", "f0e1d2c3b4a59687"),
      ],
      skipped: [],
    };
    expect(describeFaults(manifest)).toEqual([
      "1 images are copies of others, kept in one split with them",
      "1 pictures have two labels, such as ant/1.jpg and bee/1.jpg",
      expect.stringContaining("fewer than 30 images of ant (1), bee (1)"),
    ]);
  });

  it("says which sources are trained on and measured by, by their names, and what to do", () => {
    const images = Array.from({ length: 40 }, (_, i) => ({
      ...indexed(
        `ant/visit${i >> 2}_${i % 4}.jpg`,
        "ant",
        (BigInt(i + 1) * 0x9e37_79b9_7f4a_7c15n).toString(16).slice(-16),
      ),
      split: i % 4 === 0 ? ("test" as const) : ("train" as const),
    }));
    expect(describeLeaks({ images })).toEqual([
      expect.stringMatching(/^10 sources lie in train .* sequence ant\/visit0_0, .*--group-by sequence/),
    ]);
    expect(describeLeaks({ images: images.map((image) => ({ ...image, split: "train" as const })) })).toEqual(
      [],
    );
  });
});
