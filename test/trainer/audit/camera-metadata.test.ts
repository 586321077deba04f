import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type AuditedDataset, auditDataset } from "../../../trainer/audit/audit-dataset.ts";
import type { AuditedImage } from "../../../trainer/audit/examination.ts";
import type { Finding } from "../../../trainer/audit/finding.ts";
import { sceneJpeg } from "../data/small-dataset.ts";
import { type CameraFacts, withExif } from "./exif-photo.ts";
import { type Files, writeDataset } from "./planted-faults.ts";

const acme = { make: "Acme", model: "X100" };
const zeta = { make: "Zeta", model: "Z9" };

/** Photos of two classes, each class of a camera of its own; one burst lies on both sides of the split. */
const facts: Readonly<Record<string, CameraFacts>> = {
  "train/person/alone.jpg": { ...acme, takenAt: "2026:01:31 10:00:00" },
  "train/person/burst.jpg": { ...acme, takenAt: "2026:01:31 23:59:58", position: [-33, 151] },
  "val/person/later.jpg": { ...acme, takenAt: "2026:02:01 00:00:03" },
  "val/person/next-day.jpg": { ...acme, takenAt: "2026:02:02 00:00:03" },
  // the same second, but another camera
  "val/vehicle/other.jpg": { ...zeta, takenAt: "2026:01:31 23:59:59" },
  "train/vehicle/unset.jpg": { ...zeta, takenAt: "0000:00:00 00:00:00" },
  "train/vehicle/silent.jpg": {},
};

let root = "";
let audited: AuditedDataset;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewise-exif-"));
  const files: Files = new Map();
  const add = (path: string, own: CameraFacts): void => {
    const label = path.includes("person") ? "person" : "vehicle";
    files.set(path, withExif(sceneJpeg(label, files.size), own, files.size % 2 === 0 ? "II" : "MM"));
  };
  for (const [path, own] of Object.entries(facts)) add(path, own);
  for (let i = 0; i < 10; i++) {
    add(`train/person/p${"abcdefghij"[i]}.jpg`, acme);
    add(`train/vehicle/v${"abcdefghij"[i]}.jpg`, zeta);
  }
  files.set("train/vehicle/plain.jpg", sceneJpeg("vehicle", 90));
  const broken = withExif(sceneJpeg("vehicle", 91), acme);
  broken.fill(0xff, 20, 60);
  files.set("train/vehicle/broken.jpg", broken);
  await writeDataset(join(root, "photos"), files);
  vi.stubEnv("EDGEWISE_BACKBONES", root);
  vi.stubEnv("XDG_CACHE_HOME", root);
  audited = await auditDataset({ path: join(root, "photos"), cacheRoot: root, seed: 1 });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

function image(path: string): AuditedImage | undefined {
  return audited.images.find((candidate) => candidate.path === path);
}

function findings(check: Finding["check"]): Finding[] {
  return audited.audit.findings.filter((finding) => finding.check === check);
}

describe("what a camera wrote into a file", () => {
  it.for([
    [
      "train/person/alone.jpg",
      { camera: "Acme X100", takenAt: Date.UTC(2026, 0, 31, 10), hasPosition: false },
    ],
    [
      "train/person/burst.jpg",
      { camera: "Acme X100", takenAt: Date.UTC(2026, 0, 31, 23, 59, 58), hasPosition: true },
    ],
    ["val/vehicle/other.jpg", { camera: "Zeta Z9", takenAt: Date.UTC(2026, 0, 31, 23, 59, 59) }],
    ["train/vehicle/unset.jpg", { camera: "Zeta Z9", takenAt: null, hasPosition: false }],
    ["train/vehicle/silent.jpg", { camera: null, takenAt: null, hasPosition: false }],
    ["train/vehicle/plain.jpg", { camera: null, takenAt: null, hasPosition: false }],
    ["train/vehicle/broken.jpg", { camera: null, takenAt: null, hasPosition: false }],
  ] as const)("is read from %s", ([path, expected]) => {
    expect(image(path)).toMatchObject(expected);
  });

  it("is read in both orders of bytes", () => {
    expect(audited.images.filter(({ camera }) => camera === "Acme X100")).toHaveLength(4 + 10);
    expect(audited.images.filter(({ camera }) => camera === "Zeta Z9")).toHaveLength(2 + 10);
  });

  it("tells a burst on both sides of a split, by camera and time", () => {
    const [leak, ...others] = findings("source-leak");
    expect(others).toEqual([]);
    expect(leak?.message).toContain("sequence Acme X100 2026-01-31T23:59:58.000Z: 2 images");
    expect(leak?.images.map(({ path }) => path).toSorted()).toEqual([
      "train/person/burst.jpg",
      "val/person/later.jpg",
    ]);
  });

  it("tells that the camera gives the class away", () => {
    const [telling] = findings("source-tells-class");
    expect(telling?.message).toMatch(/^the camera of the files tells the class .*Acme X100: 14 person/);
  });

  it("tells which files say where they were taken", () => {
    const positions = findings("position").flatMap(({ images }) => images);
    expect(positions).toMatchObject([{ path: "train/person/burst.jpg", note: "GPS position" }]);
  });
});
