import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { DatasetImage } from "../../../shared/contract/dataset.ts";
import { describeFaults } from "../../../trainer/audit/audit-manifest.ts";
import type { AuditedImage } from "../../../trainer/audit/examination.ts";
import { examineFile } from "../../../trainer/audit/examine-file.ts";
import { findImbalance } from "../../../trainer/audit/find-balance.ts";
import { findDuplicates, groupDuplicates } from "../../../trainer/audit/find-duplicates.ts";
import { findEncoding } from "../../../trainer/audit/find-encoding.ts";
import { findLeakage } from "../../../trainer/audit/find-leakage.ts";
import { findQuality } from "../../../trainer/audit/find-quality.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { sourceOfPath } from "../../../trainer/data/image-source.ts";
import { createPerturbations } from "../../../trainer/evaluation/perturbations.ts";
import { drawScene } from "../../../trainer/release/golden-images.ts";

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

let made = 0;
/** A sound photo of its own; tests override what they are about. */
function photo(changes: Partial<AuditedImage> = {}): AuditedImage {
  made += 1;
  return {
    kind: "image",
    path: `ant/${String(made)}.jpg`,
    label: "ant",
    givenSplit: null,
    range: { file: "", offset: 0, bytes: 1 },
    sha256: String(made).padStart(64, "0"),
    perceptualHash: ((BigInt(made) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn)
      .toString(16)
      .padStart(16, "0"),
    format: "jpeg",
    width: 640,
    height: 480,
    orientation: 1,
    damages: 0,
    brightness: 120,
    contrast: 50,
    sharpness: 0.6,
    isGrey: false,
    isCmyk: false,
    colourProfile: null,
    camera: null,
    takenAt: null,
    hasPosition: false,
    features: new Float32Array(1),
    ...changes,
  };
}

const several = (count: number, changes: Partial<AuditedImage> = {}): AuditedImage[] =>
  Array.from({ length: count }, () => photo(changes));

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

describe("findLeakage", () => {
  it("finds a sequence and a burst that lie in two splits", () => {
    const scattered = several(30, { givenSplit: "train" }).map((image, i) => ({
      ...image,
      path: `train/ant/${"abcdefghijklmnopqrstuvwxyz0123"[i]}.jpg`,
    }));
    const sequence = [1, 2, 3, 4].map((frame) => {
      const givenSplit = frame < 3 ? ("train" as const) : ("test" as const);
      return photo({ path: `${givenSplit}/ant/gate_00${frame}.jpg`, givenSplit });
    });
    const start = Date.UTC(2026, 0, 1);
    const burst = [0, 4, 9].map((seconds) =>
      photo({
        camera: "Acme One",
        takenAt: start + seconds * 1000,
        givenSplit: seconds > 5 ? "test" : "train",
      }),
    );
    const late = photo({ camera: "Acme One", takenAt: start + 60_000, givenSplit: "test" });
    const findings = findLeakage([...scattered, ...sequence, ...burst, late]);
    expect(findings.map(({ images }) => images.length)).toEqual([4, 3]);
    expect(findings[1]?.message).toContain("a burst of Acme One");
  });

  it("says when the files' format or camera gives the class away", () => {
    const scans = several(40, { label: "ill", camera: "Scanner 2" });
    const photos = several(40, { label: "well", camera: "Acme One" });
    expect(findLeakage([...scans, ...photos])).toMatchObject([
      {
        check: "source-tells-class",
        message: expect.stringContaining("camera of the files tells the class of 80"),
      },
    ]);
    const mixed = scans.map((image, i) => ({ ...image, camera: i % 2 === 0 ? "Acme One" : "Scanner 2" }));
    expect(
      findLeakage([...mixed, ...photos.map((image, i) => ({ ...image, camera: mixed[i]?.camera ?? null }))]),
    ).toEqual([]);
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
});
