import { describe, expect, it } from "vitest";
import type { Split } from "../../../shared/contract/dataset.ts";
import type { AuditedImage } from "../../../trainer/audit/examination.ts";
import { findLeakage, type PlacedFile } from "../../../trainer/audit/find-leakage.ts";
import type { Finding } from "../../../trainer/audit/finding.ts";
import { photo, several } from "./audited-photo.ts";

/** A photo with the split that training gives it. */
function placed(split: Split, changes: Partial<AuditedImage> = {}): AuditedImage & PlacedFile {
  return { ...photo(changes), split };
}

const start = Date.UTC(2026, 0, 1);
const unrelated = Array.from({ length: 40 }, () => placed("train"));

/** What is found where no source can lie in two splits. */
function findTelling(images: readonly AuditedImage[]): Finding[] {
  return findLeakage(images.map((image) => ({ ...image, split: "train" })));
}

describe("findLeakage", () => {
  it("finds a folder, a sequence and a burst that lie in train and in another split", () => {
    const folder = (["train", "validation"] as const).map((split, i) =>
      placed(split, { path: `ant/plant 3/${"ab"[i]}.jpg` }),
    );
    const sequence = ([1, 2, 3, 4] as const).map((frame) =>
      placed(frame < 3 ? "train" : "test", { path: `ant/gate_00${frame}.jpg` }),
    );
    const burst = [0, 4, 9].map((seconds) =>
      placed(seconds > 5 ? "test" : "train", { camera: "Acme One", takenAt: start + seconds * 1000 }),
    );
    const late = placed("test", { camera: "Acme One", takenAt: start + 60_000 });
    const findings = findLeakage([...unrelated, ...folder, ...sequence, ...burst, late]);
    expect(findings.map(({ check, severity, images }) => [check, severity, images.length])).toEqual([
      ["source-leak", "warning", 2],
      ["source-leak", "warning", 4],
      ["source-leak", "warning", 3],
    ]);
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^folder ant\/plant 3: .* train and validation.*`--group-by folder`/),
      expect.stringMatching(/^sequence ant\/gate_1: 4 images .*`--group-by sequence`/),
      expect.stringContaining("sequence Acme One 2026-01-01"),
    ]);
    expect(findings[1]?.images.at(-1)).toEqual({ path: "ant/gate_004.jpg", label: "ant", note: "test" });
  });

  it("finds nothing in sources that lie in one split", () => {
    const sequence = [1, 2, 3].map((frame) => placed("test", { path: `ant/gate_00${frame}.jpg` }));
    expect(findLeakage([...unrelated, ...sequence])).toEqual([]);
  });

  it("takes a stem or folder that much of a class shares for its layout, but not the time of its photos", () => {
    const named = Array.from({ length: 40 }, (_, i) =>
      placed(i % 3 === 0 ? "test" : "train", { path: `ant/photos/ant_${i}.jpg` }),
    );
    expect(findLeakage(named)).toEqual([]);
    const dated = named.map((image, i) => ({ ...image, takenAt: start + 40_000 * i - (i % 2) * 38_000 }));
    expect(findLeakage(dated).length).toBeGreaterThan(10);
  });

  it("finds pictures of a fixed camera, which are too many to be placed as one", () => {
    const frames = Array.from({ length: 30 }, (_, i) =>
      placed(i % 3 === 0 ? "test" : "train", { perceptualHash: "00ff00ff00ff00ff" }),
    );
    expect(findLeakage([...unrelated, ...frames])).toMatchObject([
      { check: "source-leak", message: expect.stringContaining("30 images are nearly alike") },
    ]);
    const sourced = frames.map((frame) => ({ ...frame, source: "gate" }));
    expect(findLeakage([...unrelated, ...sourced])).toEqual([]);
  });

  it("notes where cameras are several, and the same in train and test", () => {
    const shots = Array.from({ length: 12 }, (_, i) =>
      placed(i % 3 === 0 ? "test" : "train", { camera: `Acme ${i % 4}` }),
    );
    expect(findLeakage([...unrelated, ...shots])).toMatchObject([
      { severity: "note", message: expect.stringContaining("4 of 4 cameras") },
    ]);
  });

  it("says when the files' format or camera gives the class away", () => {
    const scans = several(40, { label: "ill", camera: "Scanner 2" });
    const photos = several(40, { label: "well", camera: "Acme One" });
    expect(findTelling([...scans, ...photos])).toMatchObject([
      {
        check: "source-tells-class",
        message: expect.stringContaining("camera of the files tells the class of 80"),
      },
    ]);
    const mixed = scans.map((image, i) => ({ ...image, camera: i % 2 === 0 ? "Acme One" : "Scanner 2" }));
    expect(
      findTelling([...mixed, ...photos.map((image, i) => ({ ...image, camera: mixed[i]?.camera ?? null }))]),
    ).toEqual([]);
  });
});
