import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ClassifyAnswer } from "../../shared/contract/classify.ts";
import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { loadCodec } from "../../trainer/assets.ts";
import { readRange } from "../../trainer/data/file-tree.ts";
import { openFileTree } from "../../trainer/data/open-file-tree.ts";
import { importModel } from "../../trainer/import/import-model.ts";
import { publishVersion } from "../../trainer/release/publish.ts";
import type { LocalWorker } from "../../trainer/serving/local-worker.ts";
import { type HandMadeBundle, handMadeBundle, putAlias, putVersion } from "../fixtures/hand-made-bundle.ts";
import { drawPng } from "../fixtures/png.ts";
import { importRequest } from "../trainer/import/import-tiny.ts";
import { useWasm } from "../trainer/release/backends.ts";
import { chromiumPath, noChromium, openBrowser } from "./console/chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "./console/console-worker.ts";
import { classifyOnDevice } from "./on-device-script.ts";

interface OnDevice {
  readonly version: string;
  readonly labels: readonly string[];
  readonly probabilities: readonly number[][];
}

const tfjs = fileURLToPath(import.meta.resolve("@tensorflow/tfjs/dist/tf.min.js"));
const data = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const noData = "needs ../shared/data: photos and a public model";
const tolerance = 1e-3;

let browser: Browser;
let workers: ConsoleWorkers;
let worker: LocalWorker;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  await useWasm();
  browser = await openBrowser();
  workers = await openConsoleWorkers();
  worker = await workers.start("colours");
});

afterAll(async () => {
  await browser?.close();
  await workers?.stop();
});

beforeEach((context) => context.skip(chromiumPath === undefined, noChromium));

/** Classifies in a page with plain tfjs. @param images PNG files of the model's size */
async function onDevice(model: string, images: readonly Uint8Array[]): Promise<OnDevice> {
  const context = await browser.newContext({ bypassCSP: true });
  try {
    const page = await context.newPage();
    await page.goto(`${worker.url}/health/live`);
    await page.addScriptTag({ path: tfjs });
    const encoded = images.map((image) => Buffer.from(image).toString("base64"));
    return await page.evaluate<OnDevice>(classifyOnDevice(model, encoded));
  } finally {
    await context.close();
  }
}

async function expectSameAnswers(model: string, images: readonly Uint8Array[]): Promise<Set<string>> {
  const there = await onDevice(model, images);
  const tops = new Set<string>();
  for (const [i, image] of images.entries()) {
    const url = `${worker.url}/models/${model}/classify?topK=9999`;
    const response = await fetch(url, { method: "POST", body: new Uint8Array(image) });
    const { version, predictions } = (await response.json()) as ClassifyAnswer;
    const probabilities = there.probabilities[i] ?? [];
    expect(there.version).toBe(version);
    expect(predictions).toHaveLength(probabilities.length);
    const top = probabilities.indexOf(Math.max(...probabilities));
    expect(there.labels[top]).toBe(predictions[0]?.label);
    const differences = predictions.map(({ classIndex, probability }) =>
      Math.abs(probability - (probabilities[classIndex] ?? Number.NaN)),
    );
    expect(Math.max(...differences)).toBeLessThan(tolerance);
    tops.add(there.labels[top] ?? "");
  }
  return tops;
}

describe("a bundle on the device, in plain @tensorflow/tfjs", () => {
  it.each(["none", "float16", "uint8"] as const)(
    "answers as the Worker does, with weights stored as %s",
    async (quantization) => {
      const model = `colours-${quantization}`;
      const bundle: HandMadeBundle = await handMadeBundle({
        model,
        quantization,
        editManifest: (manifest) => (manifest.temperature = 1.7),
      });
      await putVersion(worker.bucket, bundle);
      await putAlias(worker.bucket, bundle);
      const images = Array.from({ length: 6 }, (_, i) =>
        drawPng(32, 32, (x, y) => [(x * 8 * i) % 256, (y * 7 + 90 * i) % 256, (x * y + 60 * i) % 256]),
      );

      const tops = await expectSameAnswers(model, images);
      expect(tops.size).toBeGreaterThan(1);
    },
  );

  it("answers photos as the Worker does, by a MobileNet", async (context) => {
    context.skip(!existsSync(join(data, "photos.tar.gz")), noData);
    const model = "insects";
    const file = await readFile(join(data, "models", "mobilenet_v1_0.25_128_quant.tflite"));
    const labels = await readFile(join(data, "models", "imagenet_labels.txt"), "utf8");
    // looks at the whole image: what a device's own resize makes of a crop is not what this compares
    const view = { fit: "cover-crop", cropFraction: 1 } as const;
    const request = importRequest(new Uint8Array(file), labels);
    // in integers it would answer as TensorFlow Lite does, which tfjs cannot
    const bundle = await importModel({ ...request, view, inFloats: true });
    const { manifest } = bundle;
    const { manifestSha256 } = await publishVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, { manifest, manifestSha256, files: new Map() });

    const photos = await photosOfSize(manifest.input, 8);
    const tops = await expectSameAnswers(model, photos);
    expect(tops.size).toBeGreaterThan(3);
  });
});

/** Photos as the model sees them, without loss: what a device decodes and resizes is its own affair. */
async function photosOfSize(input: InputSpec, count: number): Promise<Uint8Array[]> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-photos-"));
  try {
    const { files } = await openFileTree(join(data, "photos.tar.gz"), folder);
    const chosen = files.filter(({ path }) => path.endsWith(".JPEG")).slice(0, count);
    const codec = loadCodec();
    const photos: Uint8Array[] = [];
    for (const { range } of chosen) {
      const { image } = codec.decode(await readRange(range), input);
      const at = (x: number, y: number, channel: number): number =>
        image.data[(y * image.width + x) * 3 + channel] ?? 0;
      photos.push(drawPng(image.width, image.height, (x, y) => [at(x, y, 0), at(x, y, 1), at(x, y, 2)]));
    }
    return photos;
  } finally {
    await rm(folder, { recursive: true });
  }
}
