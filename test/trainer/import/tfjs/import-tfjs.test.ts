import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../../../shared/contract/errors.ts";
import { importModel, type ImportedBundle } from "../../../../trainer/import/import-model.ts";
import { useCpu, useWasm } from "../../release/backends.ts";
import { createRandom } from "../../release/random.ts";
import { importRequest } from "../import-tiny.ts";
import {
  asFromMemory,
  drawInput,
  largestDifference,
  probabilitiesByTfjs,
  probabilitiesOf,
  refusal,
} from "./compare.ts";
import { frozenGraph } from "./frozen-graphs.ts";
import { asFiles, randomizeWeights, type SavedModel, saveLayers, teachableMachine } from "./tfjs-models.ts";

const size = 17;
const images = [1, 2, 3].map((seed) => drawInput(seed, size));
const nsfw = fileURLToPath(
  new URL("../../../../../shared/data/models/nsfw_mobilenet_v2/model.json", import.meta.url),
);

function importSaved(saved: SavedModel): Promise<ImportedBundle> {
  return importModel({ ...importRequest(new Uint8Array()), ...asFiles(saved) });
}

beforeAll(useWasm);

describe("a tfjs LayersModel", () => {
  it("of models within models, as Teachable Machine exports it, gives tfjs's probabilities", async () => {
    await useCpu();
    const model = teachableMachine(size);
    randomizeWeights(model, 7);
    const saved = await saveLayers(model);
    const wanted = await probabilitiesByTfjs(model, size, images);
    const bundle = await importSaved(saved);
    expect(bundle.manifest).toMatchObject({
      architecture: { name: "tfjs" },
      outputs: { embedding: { size: 12 }, featureMap: { channels: 12 } },
      quantization: { scheme: "none" },
    });
    expect(largestDifference(await probabilitiesOf(bundle, images), wanted)).toBeLessThan(1e-5);
  });

  it.skipIf(!existsSync(nsfw))(
    "of the public, nsfwjs (needs ../shared/data), gives tfjs's probabilities",
    async () => {
      const json: unknown = JSON.parse(await readFile(nsfw, "utf8"));
      const weights = new Uint8Array(await readFile(join(dirname(nsfw), "group1-shard1of1")));
      const stock = await loadLayersModel(asFromMemory({ json, weights }));
      const wanted = await probabilitiesByTfjs(stock, 224, [drawInput(1, 224)]);
      const request = importRequest(await readFile(nsfw), "a\nb\nc\nd\ne");
      const readShard = (): Promise<Uint8Array> => Promise.resolve(weights);
      const bundle = await importModel({
        ...request,
        readFile: readShard,
        assumptions: { pixels: "0..1", size: null },
      });
      expect(bundle.manifest.input).toMatchObject({ width: 224, mean: [0, 0, 0], std: [1, 1, 1] });
      expect(largestDifference(await probabilitiesOf(bundle, [drawInput(1, 224)]), wanted)).toBeLessThan(
        1e-4,
      );
      // Weights that normalisation scales are halves; those of the head keep their codes.
      expect(bundle.weightBytes).toBeLessThan(5_000_000);
    },
  );

  it("is refused naming the layer that cannot be imported", async () => {
    const saved = await saveLayers(teachableMachine(size));
    const damaged = JSON.stringify(saved.json).replace('"class_name":"Add"', '"class_name":"LSTM"');
    const answer = await refusal(importSaved({ ...saved, json: JSON.parse(damaged) }));
    expect(answer).toMatch(/^unsupported_model: layer add_\S+ \(LSTM\) cannot be imported: allowed are/);
  });

  it("is refused when its weights were cut short or lie elsewhere", async () => {
    const saved = await saveLayers(teachableMachine(size));
    const cut = importSaved({ ...saved, weights: saved.weights.slice(0, -4) });
    expect(await refusal(cut)).toMatch(/^invalid_argument: weights.bin has \d+ bytes, model.json says/);
    const elsewhere = JSON.stringify(saved.json).replace("weights.bin", "../weights.bin");
    expect(await refusal(importSaved({ ...saved, json: JSON.parse(elsewhere) }))).toMatch(
      /plain names of files/,
    );
  });
});

describe("a tfjs GraphModel", () => {
  it("that nothing fused gives tfjs's probabilities", async () => {
    const saved = frozenGraph(size, 5);
    const stock = await loadGraphModel(asFromMemory(saved));
    const wanted = await probabilitiesByTfjs(stock, size, images);
    const bundle = await importSaved(saved);
    expect(largestDifference(await probabilitiesOf(bundle, images), wanted)).toBeLessThan(1e-5);
  });

  it("never fails but by an AppError, whatever of its model.json is changed", async () => {
    const random = createRandom(11);
    const saved = frozenGraph(size, 5);
    const original = JSON.stringify(saved.json);
    const ends = { imported: 0, refused: 0 };
    for (let i = 0; i < 400; i++) {
      const at = random.integer(original.length);
      const changed =
        original.slice(0, at) + random.pick(["0", "-", "9", '"', "x", "}"]) + original.slice(at + 1);
      const file = new TextEncoder().encode(changed);
      try {
        await importModel({ ...importRequest(file), ...asFiles(saved), file });
        ends.imported += 1;
      } catch (error) {
        if (!isAppError(error))
          throw new Error(`change at ${at}: ${changed.slice(at - 40, at + 40)}`, { cause: error });
        ends.refused += 1;
      }
    }
    expect(ends.refused).toBeGreaterThan(100);
  });
});
