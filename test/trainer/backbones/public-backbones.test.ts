import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, it } from "vitest";
import { openBundle } from "../../../shared/inference/bundle.ts";
import { attachHead, type FeatureGraph, readFeatures } from "../../../trainer/backbones/feature-graph.ts";
import { findBackbone } from "../../../trainer/backbones/find-backbone.ts";
import { backbones } from "../../../trainer/backbones/registry.ts";
import { bundleSource } from "../../../trainer/release/assemble.ts";
import { standInBundle } from "../../../trainer/release/stand-in-bundle.ts";
import { useWasm } from "../release/backends.ts";

const models = fileURLToPath(new URL("../../../../shared/data/models/", import.meta.url));
const present = existsSync(join(models, "mobilenet_v2_1.0_224_quant.tflite"));

/** Multiply-accumulates of all convolutions, from the shapes that the loader finds. */
async function countMacs(features: FeatureGraph): Promise<number> {
  const { size } = features.embedding;
  const head = { weights: new Float32Array(2 * size), bias: new Float32Array(2) };
  const bundle = await standInBundle(attachHead(features, head), features.input);
  const { graph } = await openBundle(bundleSource(bundle));
  return features.nodes
    .filter(({ op }) => op.includes("Conv"))
    .reduce((sum, { name, op, input }) => {
      const [, height = 0, width = 0, channels = 0] = graph.shapes.get(name) ?? [];
      const kernel = features.weights.find((weight) => weight.name === input?.[1])?.shape ?? [];
      const [rows = 0, columns = 0, inputs = 0] = kernel;
      const reads = rows * columns * (op.includes("Depthwise") ? 1 : inputs);
      return sum + height * width * channels * reads;
    }, 0);
}

describe.skipIf(!present)("the known backbones (need ../shared/data)", () => {
  beforeAll(useWasm);

  it.for(backbones)("are what the registry says: $name", async (backbone, { expect }) => {
    const file = await findBackbone(backbone, { folder: models, cache: join(models, "none") });
    expect(file.length).toBe(backbone.bytes);
    const features = readFeatures(backbone, file);
    expect(features.embedding.size).toBe(backbone.embeddingSize);
    expect(features.input).toMatchObject({ width: backbone.size, filter: "bilinear", cropFraction: 0.875 });
    expect(features.input.mean[0]).toBeCloseTo(0.5, 2);
    expect(features.input.std[0]).toBeCloseTo(0.5, 2);
    expect(await countMacs(features)).toBe(backbone.macs);
    expect(features.known?.bias.length).toBe(1001);
    expect(features.known?.weights.length).toBe(1001 * backbone.embeddingSize);
  });

  it("take other sizes than they were trained with", async ({ expect }) => {
    const backbone = backbones.at(-1) ?? expect.fail("there is none");
    const file = await findBackbone(backbone, { folder: models, cache: join(models, "none") });
    const features = readFeatures(backbone, file, 152);
    expect(features.featureMap).toMatchObject({ height: 5, width: 5 });
    expect(await countMacs(features)).toBe(19_963_296);
  });
});
