import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadJpegEncoder } from "../../../trainer/assets.ts";
import { auditDataset } from "../../../trainer/audit/audit-dataset.ts";
import { type Audit, auditSchema, type Finding } from "../../../trainer/audit/finding.ts";
import { openFileTree } from "../../../trainer/data/open-file-tree.ts";
import { readRange } from "../../../trainer/data/file-tree.ts";
import { encodeScene, scenePath } from "../../../trainer/data/sample/scene-file.ts";
import { createRandom } from "../release/random.ts";
import { corrupted, type Files, flipLabels, recompressed, writeDataset } from "./planted-faults.ts";

const sharedData = new URL("../../../../shared/data/", import.meta.url).pathname;
const photos = join(sharedData, "hymenoptera-train.tar.gz");
const backbonesFolder = join(sharedData, "models");
const havePhotos = existsSync(photos) && existsSync(backbonesFolder);

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewise-audit-"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

/** Drawn scenes of two classes, by path. */
function drawnScenes(each: number): Files {
  const encode = loadJpegEncoder();
  const files: Files = new Map();
  for (let index = 0; index < each; index++) {
    for (const label of ["empty", "vehicle"] as const) {
      const scene = { seed: 5, label, index };
      files.set(scenePath(scene), encodeScene(scene, encode));
    }
  }
  return files;
}

async function realPhotos(): Promise<Files> {
  const tree = await openFileTree(photos, join(root, "cache"));
  const files: Files = new Map();
  for (const { path, range } of tree.files) {
    files.set(path.replace(/^.*?([^/]+\/[^/]+)$/, "$1"), await readRange(range));
  }
  return files;
}

let audits = 0;
async function audit(files: Files, backbones = root): Promise<Audit> {
  vi.stubEnv("EDGEWISE_BACKBONES", backbones);
  vi.stubEnv("XDG_CACHE_HOME", root);
  audits += 1;
  const path = join(root, `audited-${audits}`);
  await writeDataset(path, files);
  const audited = await auditDataset({ path, cacheRoot: root, seed: 1 });
  return auditSchema.parse(audited.audit);
}

function pathsOf({ findings }: Audit, check: Finding["check"]): string[] {
  return findings
    .filter((finding) => finding.check === check)
    .flatMap(({ images }) => images.map(({ path }) => path));
}

/** Share of the planted ones among the found, and of the found among the planted. */
function scores(
  found: readonly string[],
  planted: ReadonlySet<string>,
): { precision: number; recall: number } {
  const right = found.filter((path) => planted.has(path)).length;
  return { precision: right / Math.max(1, found.length), recall: right / planted.size };
}

/** How many of the pairs are together in a finding. */
function pairsFound(
  { findings }: Audit,
  checks: readonly Finding["check"][],
  pairs: readonly (readonly string[])[],
): number {
  const groups = findings
    .filter(({ check }) => checks.includes(check))
    .map(({ images }) => images.map(({ path }) => path));
  return pairs.filter((pair) => groups.some((group) => pair.every((path) => group.includes(path)))).length;
}

describe("auditDataset on drawn scenes, without a backbone", () => {
  let scenes: Files;
  beforeAll(() => {
    scenes = drawnScenes(300);
  });

  it("finds flipped labels: recall at least 0.7, precision at least 0.5", async () => {
    const files: Files = new Map(scenes);
    const flipped = flipLabels(files, 0.05, 11);
    const result = await audit(files);
    const { precision, recall } = scores(pathsOf(result, "label-error"), flipped);
    expect(recall).toBeGreaterThanOrEqual(0.7);
    expect(precision).toBeGreaterThanOrEqual(0.5);
    expect(result.features).toContain("no net");
  });

  it("doubts no label of pictures that show nothing", async () => {
    const random = createRandom(4);
    const encode = loadJpegEncoder();
    const noise = (): Uint8Array => Uint8Array.from({ length: 3 * 32 * 32 }, () => random.integer(256));
    const names = Array.from({ length: 60 }, (_, i) => `${["ant", "bee"][i % 2] ?? ""}/${String(i)}.jpg`);
    const files: Files = new Map(
      names.map((name) => [name, encode({ width: 32, height: 32, data: noise() }, 90)]),
    );
    const result = await audit(files);
    expect(pathsOf(result, "label-error")).toEqual([]);
    expect(result).toMatchObject({ judgedLabels: 0, features: expect.stringContaining("nothing") });
  });

  it("finds every corrupt file, and nothing wrong with the others", async () => {
    const paths = [...scenes.keys()].filter((_, i) => i % 9 === 0);
    const files: Files = new Map(paths.map((path) => [path, scenes.get(path) ?? new Uint8Array()]));
    const planted = paths.slice(0, 12).map((path, i) => {
      const broken = path.replace(".jpg", "-broken.jpg");
      files.set(broken, corrupted(scenes.get(path) ?? new Uint8Array(), i));
      return broken;
    });
    const result = await audit(files);
    expect(pathsOf(result, "unreadable").toSorted()).toEqual(planted.toSorted());
    expect(result.images).toBe(paths.length);
  });
});

/**
 * Small pictures of a spot with a ring around it, anywhere on them: bright in dark, or dark in bright. Neither colours
 * nor the directions of edges tell the two apart, wherever they are counted; what a net learns in a minute does.
 */
function spots(each: number): Files {
  const encode = loadJpegEncoder();
  const random = createRandom(8);
  const side = 32;
  const files: Files = new Map();
  for (let index = 0; index < 2 * each; index++) {
    const isBright = index % 2 === 0;
    const [x, y] = [6 + random.integer(20), 6 + random.integer(20)];
    const data = Uint8Array.from({ length: 3 * side * side }, (_, at) => {
      const pixel = Math.floor(at / 3);
      const distance = Math.hypot((pixel % side) - x, Math.floor(pixel / side) - y);
      const level = 127 + 12 * random.normal();
      if (distance > 5) return level;
      // As many pixels within as without, so that the mean is that of the ground.
      return level + (distance < 3.6 === isBright ? 60 : -60);
    });
    files.set(
      `${isBright ? "bright" : "dark"}/${String(index)}.jpg`,
      encode({ width: side, height: side, data }, 90),
    );
  }
  return files;
}

describe("auditDataset on pictures that features made for nothing in particular cannot tell apart", () => {
  it("trains small nets, and finds flipped labels: recall at least 0.7, precision at least 0.5", async () => {
    const files = spots(220);
    const flipped = flipLabels(files, 0.05, 7);
    const result = await audit(files);
    const { precision, recall } = scores(pathsOf(result, "label-error"), flipped);
    expect(result.features).toContain("small nets");
    expect(recall).toBeGreaterThanOrEqual(0.7);
    expect(precision).toBeGreaterThanOrEqual(0.5);
  }, 300_000);
});

describe.skipIf(!havePhotos)("auditDataset on photos of ants and bees, by a backbone", () => {
  let files: Files;
  beforeAll(async () => {
    files = await realPhotos();
  });

  it("finds flipped labels: recall at least 0.7, precision at least 0.5", { timeout: 120_000 }, async () => {
    const flippedFiles: Files = new Map(files);
    const flipped = flipLabels(flippedFiles, 0.05, 3);
    const result = await audit(flippedFiles, backbonesFolder);
    const { precision, recall } = scores(pathsOf(result, "label-error"), flipped);
    expect(result.features).toContain("mobilenet");
    expect(recall).toBeGreaterThanOrEqual(0.7);
    expect(precision).toBeGreaterThanOrEqual(0.5);
    expect(pathsOf(result, "unreadable").length).toBe(1);
  });

  it("finds all exact copies across splits, and 95 % of those that were resized and recompressed", async () => {
    const spread: Files = new Map();
    const exact: string[][] = [];
    const near: string[][] = [];
    for (const [i, [path, bytes]] of [...files].entries()) {
      if (path.endsWith("imageNotFound.gif.jpg")) continue;
      spread.set(`train/${path}`, bytes);
      const copy = `val/${path.replace("/", "/copy-of-")}`;
      if (i % 4 === 0) {
        spread.set(copy, bytes);
        exact.push([`train/${path}`, copy]);
      } else if (i % 4 === 1) {
        spread.set(copy, recompressed(bytes, [0.5, 0.75, 1.4][i % 3] ?? 1, [40, 60, 85][(i >> 2) % 3] ?? 75));
        near.push([`train/${path}`, copy]);
      }
    }
    const result = await audit(spread);
    expect(pairsFound(result, ["exact-duplicate", "near-duplicate"], exact)).toBe(exact.length);
    expect(pairsFound(result, ["near-duplicate"], near) / near.length).toBeGreaterThanOrEqual(0.95);
    const crossing = result.findings.filter(({ check }) => check.endsWith("duplicate"));
    expect(crossing.filter(({ severity }) => severity === "error").length).toBeGreaterThanOrEqual(
      exact.length,
    );
  });
});
