import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importModel } from "../../../../trainer/import/import-model.ts";
import { assumedForm, readModelFile } from "../../../../trainer/import/model-file.ts";
import { pixelRanges } from "../../../../trainer/import/tfjs/convert-tfjs.ts";
import { runCli } from "../../../e2e/run-cli.ts";
import { useCpu, useWasm } from "../../release/backends.ts";
import { importRequest } from "../import-tiny.ts";
import { tinyTflite } from "../tiny-tflite.ts";
import {
  asFromMemory,
  drawPixels,
  largestDifference,
  probabilitiesByTfjs,
  probabilitiesOf,
  refusal,
} from "./compare.ts";
import { azureGraph, bareDepthwise, bgrLayers, mixedGraph, vertexGraph } from "./exports.ts";
import { asFiles, type SavedModel } from "./tfjs-models.ts";

const side = 17;
const seeds = [1, 2, 3];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-exports-"));
  await useWasm();
});
afterAll(() => rm(folder, { recursive: true }));

const azureManifest = {
  DomainType: "Classification",
  Platform: "TensorFlow",
  Flavor: "TensorFlowJs",
  ExporterVersion: "2.0",
  ModelFileName: "model.zip",
  LabelFileName: "labels.txt",
  SchemaVersion: "1.0",
};

/** Lays an export into a folder of its own; gives the path of its model.json. */
async function lay(
  name: string,
  { json, weights }: SavedModel,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const beside = join(folder, name);
  await mkdir(beside);
  const all = { ...files, "model.json": JSON.stringify(json), "weights.bin": weights };
  for (const [file, content] of Object.entries(all)) await writeFile(join(beside, file), content);
  return join(beside, "model.json");
}

/** What the net as it was exported says of pixels of 0 to 255, brought to its own range and order. */
async function wantedByTfjs(
  model: Parameters<typeof probabilitiesByTfjs>[0],
  order: "rgb" | "bgr",
  scale: (value: number) => number,
): Promise<number[][]> {
  const images = seeds.map((seed) => {
    const rgb = drawPixels(seed, side);
    return Float32Array.from(rgb, (_, i) => scale(rgb[order === "rgb" ? i : i + 2 - 2 * (i % 3)] ?? 0));
  });
  return probabilitiesByTfjs(model, side, images);
}

/** What the imported bundle says of the same RGB pixels, normalised by its own manifest. */
async function givenByBundle(path: string, channels?: "rgb" | "bgr"): Promise<number[][]> {
  const { file, readFile, known } = await readModelFile(path);
  const form = known ?? { ...assumedForm, pixels: "0..255" as const };
  const bundle = await importModel({
    ...importRequest(file),
    file,
    readFile,
    assumptions: { pixels: form.pixels, size: null },
    channels: channels ?? form.channels,
  });
  const { mean, std } = pixelRanges[form.pixels];
  expect(bundle.manifest.input).toMatchObject({ mean: [mean, mean, mean], std: [std, std, std] });
  const images = seeds.map((seed) => drawPixels(seed, side).map((value) => (value / 255 - mean) / std));
  return probabilitiesOf(bundle, images);
}

function refusedAsBgr(saved: SavedModel): Promise<string> {
  const request = { ...importRequest(new Uint8Array()), ...asFiles(saved) };
  return refusal(importModel({ ...request, channels: "bgr" }));
}

const asIs = (value: number): number => value;

describe("an export shaped like Azure Custom Vision's", () => {
  it("is recognised by its cvexport.manifest and answers RGB pixels as tfjs does BGR ones", async () => {
    const saved = azureGraph(side, 5);
    const path = await lay("azure", saved, { "cvexport.manifest": JSON.stringify(azureManifest) });
    const stock = await loadGraphModel(asFromMemory(saved));
    expect(largestDifference(await givenByBundle(path), await wantedByTfjs(stock, "bgr", asIs))).toBeLessThan(
      1e-5,
    );
    // The order is what makes the difference.
    const asRgb = await wantedByTfjs(stock, "rgb", asIs);
    expect(largestDifference(await givenByBundle(path), asRgb)).toBeGreaterThan(1e-2);
  });

  it("takes RGB where its metadata says Rgb8, as Microsoft's own code does", async () => {
    const saved = azureGraph(side, 5);
    const json = { ...(saved.json as object), userDefinedMetadata: { "Image.BitmapPixelFormat": "Rgb8" } };
    const path = await lay("azure-rgb", { ...saved, json });
    expect((await readModelFile(path)).known).toMatchObject({ pixels: "0..255", channels: "rgb" });
    const stock = await loadGraphModel(asFromMemory(saved));
    expect(largestDifference(await givenByBundle(path), await wantedByTfjs(stock, "rgb", asIs))).toBeLessThan(
      1e-5,
    );
  });

  it("is refused when it finds objects", async () => {
    const detector = JSON.stringify({ ...azureManifest, DomainType: "ObjectDetection" });
    const path = await lay("azure-objects", azureGraph(side, 5), { "cvexport.manifest": detector });
    expect(await refusal(readModelFile(path))).toMatch(
      /^unsupported_model: .*says ObjectDetection; allowed is/,
    );
  });

  it("is imported without an option, which says what it took for granted", async () => {
    const path = await lay("azure-command", azureGraph(side, 5), {
      "cvexport.manifest": JSON.stringify(azureManifest),
      "labels.txt": "ant\r\nbee\r\ncat\r\n",
    });
    const { exitCode, stderr, json } = await runCli(
      "import",
      path,
      "--store",
      join(folder, "store"),
      "--json",
    );
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(
        "exported by Azure Custom Vision (cvexport.manifest): pixels 0..255, channels bgr, crop 1",
      ),
    });
    expect(json).toMatchObject({ classes: 3, exportedBy: expect.stringContaining("Azure") });
  });
});

describe("an export shaped like Vertex AI's", () => {
  it("is recognised by its dict.txt and gives tfjs's answers", async () => {
    const saved = vertexGraph(side, 5);
    const path = await lay("vertex", saved, { "dict.txt": "ant\nbee\ncat\n" });
    expect((await readModelFile(path)).known).toMatchObject({ labels: "dict.txt", cropFraction: 1 });
    const stock = await loadGraphModel(asFromMemory(saved));
    const wanted = await wantedByTfjs(stock, "rgb", (value) => value / 127.5 - 1);
    expect(largestDifference(await givenByBundle(path), wanted)).toBeLessThan(1e-5);
  });
});

describe("import --channels bgr", () => {
  it("turns a depthwise first layer, its bias and all behind it, up to the kernel that mixes channels", async () => {
    await useCpu();
    const saved = await bgrLayers(side);
    const stock = await loadLayersModel(asFromMemory(saved));
    const path = await lay("depthwise", saved);
    const wanted = await wantedByTfjs(stock, "bgr", asIs);
    expect(largestDifference(await givenByBundle(path, "bgr"), wanted)).toBeLessThan(1e-5);
    expect(largestDifference(await givenByBundle(path, "rgb"), wanted)).toBeGreaterThan(1e-3);
  });

  it("turns the codes of a quantised TensorFlow Lite file too", async () => {
    const { file } = tinyTflite("uint8");
    const images = seeds.map((seed) => drawPixels(seed, 9).map((value) => value / 127.5 - 1));
    const turned = images.map((image) => Float32Array.from(image, (_, i) => image[i + 2 - 2 * (i % 3)] ?? 0));
    const plain = await importModel(importRequest(file));
    const bgr = await importModel({ ...importRequest(file), channels: "bgr" });
    const wanted = await probabilitiesOf(plain, turned);
    expect(largestDifference(await probabilitiesOf(bgr, images), wanted)).toBeLessThan(1e-6);
    expect(largestDifference(await probabilitiesOf(plain, images), wanted)).toBeGreaterThan(1e-3);
  });

  it("is refused naming the node where channels are joined with others, or never mixed", async () => {
    expect(await refusedAsBgr(mixedGraph(side, 5))).toMatch(
      /^unsupported_model: node sum_\S+ \(AddV2\) of a net of BGR pixels cannot be imported: it joins the pixels' channels/,
    );
    expect(await refusedAsBgr(bareDepthwise(side, 5))).toMatch(/\(Reshape\) .* no kernel reads the image/);
  });
});
