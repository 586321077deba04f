import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { copyVersion } from "../../../shared/store/copy-version.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { indexDataset, type IndexedDataset } from "../../../trainer/data/dataset-index.ts";
import { readMetadataTable } from "../../../trainer/data/metadata-table.ts";
import { splitImages } from "../../../trainer/evaluation/labelled-image.ts";
import { reportRun } from "../../../trainer/job/report-run.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { type Release, releaseModel } from "../../../trainer/release/release.ts";
import { writeCrossValidation } from "../../../trainer/report/run-record.ts";
import { writeReport } from "../../../trainer/report/write-report.ts";
import { withCamera } from "../../fixtures/exif.ts";
import { sceneJpeg, writeFiles } from "../data/small-dataset.ts";
import { silent } from "../job/tiny-job.ts";
import { tinyReleaseInput } from "../release/tiny-release.ts";

const hostile = "<img src=x onerror=alert(1)>";

let root = "";
let store: ObjectStore;
let dataset: IndexedDataset;
let release: Release;
let browser: Browser;
let page: Page;
const errors: string[] = [];

/** Three classes of drawn scenes with a hostile file name and two copies among them. */
async function makeDataset(): Promise<IndexedDataset> {
  const files: Record<string, Uint8Array> = { "cat/copy-of-1.jpg": sceneJpeg("vehicle", 1) };
  for (let i = 0; i < 20; i++) {
    files[`ant/${i}.jpg`] = withCamera(sceneJpeg("person", i), "Gate 2", "2026:01:31 23:59:59");
    files[`bee/${i}.jpg`] = sceneJpeg("vehicle", i);
    files[`cat/${hostile} ${i}.jpg`] = sceneJpeg("parcel", i);
  }
  await writeFiles(join(root, "photos"), files);
  return indexDataset({ path: join(root, "photos"), cacheRoot: root });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewise-report-"));
  dataset = await makeDataset();
  const input = await tinyReleaseInput(1);
  release = await releaseModel({
    ...input,
    test: splitImages(dataset, "test"),
    provenance: { ...input.provenance, datasetDigest: dataset.manifest.digest },
  });
  store = createMemoryStore();
  await publishVersion(store, release);
  const epoch = {
    step: 1,
    learningRate: 0.1,
    trainLoss: 1,
    validationLoss: 1.1,
    validationTop1Accuracy: 0.5,
    best: true,
  };
  const lines = [0, 1, 2].map((number) => JSON.stringify({ ...epoch, epoch: number }));
  await store.put(
    objectKeys.runFile("run-1", "metrics.jsonl"),
    new TextEncoder().encode(`${lines.join("\n")}\n`),
  );
  const { manifest, comparePrecisions } = release;
  const told = dataset.manifest.images.map(
    ({ path }, i) => `"${path}",${i % 3 === 0 ? "rain" : "<b>sun</b>"}`,
  );
  await writeFile(join(root, "told.csv"), ["path,weather", ...told].join("\n"));
  const metadata = await readMetadataTable(join(root, "told.csv"));
  await writeCrossValidation(store, "run-1", {
    folds: 5,
    images: 61,
    top1Accuracy: 0.623,
    interval: { low: 0.497, high: 0.734 },
    choice: "once",
  });
  await reportRun({ manifest, dataset, metadata, comparePrecisions }, store, silent);
  const found = await store.get(objectKeys.runFile("run-1", "report.html"));
  if (found.kind !== "found") throw new Error("the run has no report");
  await writeFile(join(root, "report.html"), found.bytes);
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("request", (request) => /^(file|data):/.test(request.url()) || errors.push(request.url()));
  await page.goto(`file://${join(root, "report.html")}`);
});
afterAll(async () => {
  await browser?.close();
  await rm(root, { recursive: true, force: true });
});

describe("writeReport", () => {
  it("lies beside the version and the run, and is no part of what copies carry", async () => {
    const key = objectKeys.versionFile("insects", release.version, "report.html");
    expect((await store.get(key)).kind).toBe("found");
    expect((await store.get(objectKeys.runFile("run-1", "report.html"))).kind).toBe("found");
    const copy = createMemoryStore();
    await copyVersion(store, copy, { model: "insects", version: release.version });
    expect((await copy.get(key)).kind).toBe("missing");
    expect((await copy.get(objectKeys.versionFile("insects", release.version, "evaluation.json"))).kind).toBe(
      "found",
    );
  });

  it("refuses a dataset that the version was not trained on", async () => {
    const manifest = { ...dataset.manifest, digest: "0".repeat(64) };
    await expect(
      writeReport(store, { model: "insects", reference: release.version, dataset: { ...dataset, manifest } }),
    ).rejects.toMatchObject({ code: "invalid_dataset" });
  });
});

describe("the report in a browser", () => {
  it("opens from disk without a request, an error or a script of a file's name, and fits a phone", async () => {
    expect(errors).toEqual([]);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    expect(overflow).toBeLessThanOrEqual(0);
    expect(await page.locator("canvas").count()).toBe(3 + 2 + 3 + 5);
    expect(await page.locator('img[src="x"]').count()).toBe(0);
  });

  it("opens the images of a confusion, as many as the evaluation counts", async () => {
    const [actual, predicted, images] = release.evaluation.confusions[0] ?? [0, 0, 0];
    await page.locator(`button[data-cell="${actual},${predicted}"]`).click();
    expect(await page.locator("#confusion-images figure img").count()).toBe(images);
    expect(await page.locator("#confusion-images h3").textContent()).toContain(`${images} images`);
  });

  it("says what cross-validation found, and how wide a test of few images is", async () => {
    const found = (await page.locator("#cross-validation").textContent())?.replaceAll(/\s+/g, " ");
    expect(found).toContain("5-fold cross-validation: 62.3 % of 61 images, 95 %: 49.7 % to 73.4 %");
    expect(found).toContain("chosen once");
    const few = await page.locator("#few-images").textContent();
    expect(few).toMatch(
      /the smallest class, ant, has 20, and the test \d+, so that its accuracy is known to \d+ points/,
    );
  });

  it("says what a threshold would give", async () => {
    const told = page.locator("#threshold-told");
    await page.locator("#threshold").fill("0");
    const all = release.evaluation.images;
    expect(await told.textContent()).toContain(`${all} of ${all} answers are given`);
    expect(await told.textContent()).toContain(`${release.evaluation.top1.right} of them right`);
    const sure: number[] = await page.evaluate("report.items.map((item) => item.q).sort()");
    const middle = Math.floor(1000 * (sure[Math.floor(sure.length / 2)] ?? 0));
    const given = sure.filter((probability) => probability >= middle / 1000).length;
    await page.locator("#threshold").fill(`${middle}`);
    expect(await told.textContent()).toContain(`: ${given} of ${all} answers are given`);
    await page.locator("#threshold").fill("1000");
    expect(await told.textContent()).toContain(`From 1.000 on: 0 of ${all}`);
  });

  it("has each picture once, shown wherever it belongs", async () => {
    const pictures: string[] = await page.evaluate("report.pictures");
    expect(new Set(pictures).size).toBe(pictures.length);
    const broken = await page.evaluate(
      `[...document.querySelectorAll("img[data-picture]")].filter((image) => !image.src.startsWith("data:")).length`,
    );
    expect(broken).toBe(0);
  });

  it("says how many images of a confusion are shown where not all are", async () => {
    const [actual, predicted, images] = release.evaluation.confusions[0] ?? [0, 0, 0];
    const cell = `${actual},${predicted}`;
    await page.evaluate(`report.items.splice(report.items.findIndex((item) => item.c === "${cell}"), 1)`);
    await page.locator(`button[data-cell="${cell}"]`).click();
    const heading = await page.locator("#confusion-images h3").textContent();
    expect(heading).toContain(`: ${images - 1} of ${images} images shown`);
    expect(await page.locator("#confusion-images figure img").count()).toBe(images - 1);
  });

  it("shows the time of every way of storing the weights, in the table and on the card", async () => {
    const table = await page.locator("#precisions ~ .scroll table").first().innerText();
    const rows = table.split("\n").slice(1);
    expect(rows.map((row) => row.split("\t")[0])).toEqual([
      "trained net",
      "uint8",
      "uint8+float16",
      "float16",
      "float32",
    ]);
    expect(rows.map((row) => Number(row.split("\t")[7]) > 0)).toEqual([false, true, true, true, true]);
    expect(await page.locator("#card ~ dl").first().innerText()).toMatch(/[\d.]+ ms an image.*ms as float32/);
  });

  it("parts the test images by camera, time of day and the user's columns, and marks small parts", async () => {
    const table = await page.locator("#slices ~ .scroll table").first().innerText();
    const rows = table.split("\n").map((row) => row.split("\t"));
    const partsBy = (by: string): string[] =>
      rows.flatMap(([kind, name]) => (kind === by && name ? [name] : []));
    expect(partsBy("camera").toSorted()).toEqual(["Gate 2", "not told"]);
    expect(partsBy("time of day").toSorted()).toEqual(["night, 18 to 6 h", "not told"]);
    expect(partsBy("metadata: weather").toSorted()).toEqual(["<b>sun</b>", "rain"]);
    for (const row of rows.slice(1)) {
      expect(row.at(-1)).toBe(Number(row[2]) < 10 ? "too few to tell" : "");
    }
  });

  it("shows evidence, copies, every precision, the card and what it is not", async () => {
    expect(await page.locator('img[alt^="evidence for"]').count()).toBeGreaterThan(0);
    expect(await page.locator(".group figure img").count()).toBeGreaterThanOrEqual(2);
    const text = (await page.locator("body").textContent()) ?? "";
    for (const expected of [
      "Not a medical device",
      "Intended use",
      "Datasheet",
      "trained net",
      "uint8",
      "AUROC",
      "95.0 % should be right; on the calibration images",
    ]) {
      expect(text).toContain(expected);
    }
  });
});
