import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { sha256Hex } from "../../../shared/store/sha256.ts";
import { openEmbedder } from "../../../trainer/backbones/embedder.ts";
import type { FeatureGraph } from "../../../trainer/backbones/feature-graph.ts";
import { openFront, shapesOf } from "../../../trainer/backbones/front.ts";
import { findCut } from "../../../trainer/backbones/graph-cut.ts";
import { createTail } from "../../../trainer/backbones/graph-tail.ts";
import { openNamed } from "../../../trainer/backbones/open-backbone.ts";
import { readOwnFeatures } from "../../../trainer/backbones/own-backbone.ts";
import { imagePixels } from "../../../trainer/data/image-set.ts";
import { openWasmEngine } from "../../../trainer/engine/wasm-engine.ts";
import { importModel } from "../../../trainer/import/import-model.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { refusal } from "../import/tfjs/compare.ts";
import { importRequest } from "../import/import-tiny.ts";
import { functionalNet, randomizeWeights, saveLayers, teachableMachine } from "../import/tfjs/tfjs-models.ts";
import { tinyTflite } from "../import/tiny-tflite.ts";
import { useCpu } from "../release/backends.ts";
import { colouredImages } from "../training/coloured-images.ts";

const store = createMemoryStore();
const images = colouredImages(4, 1, 16);
const each = [0, 1, 2, 3];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-own-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Saves a model of seeded weights into a folder of its own; gives the path of its model.json, and the net. */
async function save(name: string, build: () => layers.LayersModel) {
  await useCpu();
  const model = build();
  randomizeWeights(model, 7);
  const { json, weights } = await saveLayers(model);
  await mkdir(join(folder, name), { recursive: true });
  const path = join(folder, name, "model.json");
  await writeFile(path, JSON.stringify(json));
  await writeFile(join(folder, name, "weights.bin"), weights);
  return { model, path };
}

function kernels({ weights }: FeatureGraph): unknown[] {
  return weights
    .filter(({ role }) => role === "kernel")
    .map(({ name, values, stored }) => ({ name, values, codes: stored?.bytes, scales: stored?.scales }));
}

async function embed(features: FeatureGraph): Promise<number[]> {
  const embedder = await openEmbedder(features);
  const rows = await embedder.embed(images, each, "plain");
  embedder.dispose();
  return [...rows];
}

function largest(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? NaN))));
}

describe("a net of one's own as a backbone", () => {
  it("of a model.json without a classifier gives what tfjs gives", async () => {
    const { model, path } = await save("pooled", () => functionalNet(16));
    tf.env().set("IS_TEST", false);
    const wanted = each.flatMap((index) => {
      const pixels = Array.from(imagePixels(images, index), (value) => value / 127.5 - 1);
      // A model with one output predicts one tensor.
      return tf.tidy(() => [...(model.predict(tf.tensor4d(pixels, [1, 16, 16, 3])) as tf.Tensor).dataSync()]);
    });
    const features = await readOwnFeatures(path, { store });
    expect(features).toMatchObject({
      backbone: { name: "pooled", licence: "not stated" },
      embedding: { size: 12 },
    });
    expect(features.known).toBeUndefined();
    expect(largest(await embed(features), wanted)).toBeLessThan(1e-5);
  });

  it("does not take a dense layer with an activation for the classifier that the net came with", async () => {
    const { path } = await save("teachable", () => teachableMachine(16));
    expect((await readOwnFeatures(path, { store })).known).toBeUndefined();
    const plain = await save("plain", () => {
      const head = layers.layers.dense({ units: 3, activation: "softmax" });
      return layers.sequential({ layers: [functionalNet(16), head] });
    });
    expect((await readOwnFeatures(plain.path, { store })).known?.bias.length).toBe(3);
  });

  it("is pinned by the digest of all its bytes", async () => {
    const { path } = await save("pinned", () => functionalNet(16));
    const { backbone } = await readOwnFeatures(path, { store });
    const weights = join(folder, "pinned", "weights.bin");
    const { path: other } = await save("other", () => functionalNet(16));
    expect((await readOwnFeatures(other, { store })).backbone.sha256).not.toBe(backbone.sha256);
    await writeFile(weights, new Uint8Array((await readFile(weights)).length));
    const opening = openNamed(path, { store, sha256: backbone.sha256 });
    expect(await refusal(opening)).toMatch(
      /^integrity_mismatch: backbone \S+ has sha256 .*, the run began with/,
    );
    const file = join(folder, "tiny.tflite");
    const { file: bytes } = tinyTflite("uint8");
    await writeFile(file, bytes);
    expect((await readOwnFeatures(file, { store })).backbone.sha256).toBe(await sha256Hex(bytes));
  });

  it.for(["uint8", "int8-per-channel", "float32"] as const)(
    "of a published version keeps the codes of its file (%s) and gives the file's features",
    async (storage) => {
      await openWasmEngine();
      const { file } = tinyTflite(storage);
      const bundle = await importModel({ ...importRequest(file), model: storage });
      const { manifestSha256, version } = await publishVersion(store, bundle);
      const path = join(folder, `${storage}.tflite`);
      await writeFile(path, file);
      const own = await readOwnFeatures(`${storage}@${version}`, { store });
      const wanted = await readOwnFeatures(path, { store });
      expect(own.backbone).toEqual({
        name: `${storage}@${version}`,
        sha256: manifestSha256,
        licence: "Apache-2.0",
      });
      expect(own.input).toEqual(wanted.input);
      expect(own.activationGrids).toEqual(wanted.activationGrids);
      expect(own.known).toEqual(wanted.known);
      expect(kernels(own)).toEqual(kernels(wanted));
      const small = { ...images, width: 9, height: 9, images: images.images.slice(0, 4 * 243) };
      const [first, second] = [await openEmbedder(own), await openEmbedder(wanted)];
      expect(await first.embed(small, each, "plain")).toEqual(await second.embed(small, each, "plain"));
      first.dispose();
      second.dispose();
    },
  );

  it("is refused by name where nothing is pooled, nothing is there, or another size is asked for", async () => {
    const { path } = await save("flat", () =>
      layers.sequential({
        layers: [
          layers.layers.conv2d({ inputShape: [16, 16, 3], filters: 4, kernelSize: 3, name: "stem" }),
          layers.layers.flatten(),
          layers.layers.dense({ units: 3, activation: "softmax", name: "head" }),
        ],
      }),
    );
    expect(await refusal(readOwnFeatures(path, { store }))).toMatch(
      /^unsupported_model: flat has no features pooled .*its nodes are input \(Placeholder\), stem_0 \(_FusedConv2D\), .*head_\d+ \(_FusedMatMul\)/,
    );
    expect(await refusal(readOwnFeatures("resnet", { store }))).toMatch(
      /^invalid_argument: there is no backbone resnet; choose one of mobilenet-v2-1.0-224, .* model@version of the store/,
    );
    expect(await refusal(readOwnFeatures("nobody@champion", { store }))).toMatch(/^not_found: /);
    const { path: pooled } = await save("pooled", () => functionalNet(16));
    expect(await refusal(readOwnFeatures(pooled, { store, size: 32 }))).toMatch(
      /takes 16 pixels a side, --size asks for 32/,
    );
  });

  it("can be parted for tuning where a convolution spells its padding out", async () => {
    const { path } = await save("padded", () => paddedNet(16));
    await openWasmEngine();
    const features = await readOwnFeatures(path, { store });
    expect(JSON.stringify(features.nodes)).toContain(Buffer.from("EXPLICIT").toString("base64"));
    const cut = findCut(features, await shapesOf(features));
    const front = await openFront(features, cut);
    const tail = createTail(features, cut);
    const parts = each.flatMap((index) => {
      const shape: [number, number, number, number] = [1, cut.height, cut.width, cut.channels];
      return tf.tidy(() => [
        ...tail.forward(tf.tensor4d(front.run(imagePixels(images, index)), shape)).dataSync(),
      ]);
    });
    expect(largest(parts, await embed(features))).toBeLessThan(1e-5);
    front.dispose();
    tail.dispose();
  });
});

/** Halves its image twice, the second time behind zeros on two sides, as Keras's MobileNets do. */
function paddedNet(size: number): layers.LayersModel {
  const l = layers.layers;
  return layers.sequential({
    layers: [
      l.conv2d({ inputShape: [size, size, 3], filters: 6, kernelSize: 3, strides: 2, padding: "same" }),
      l.reLU({ maxValue: 6 }),
      l.zeroPadding2d({
        padding: [
          [0, 1],
          [0, 1],
        ],
      }),
      l.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: "valid", useBias: false }),
      l.batchNormalization({}),
      l.conv2d({ filters: 8, kernelSize: 1, activation: "relu" }),
      l.globalAveragePooling2d({}),
    ],
  });
}
