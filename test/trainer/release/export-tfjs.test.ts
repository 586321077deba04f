import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCodec } from "../../../trainer/assets.ts";
import { bundleSource } from "../../../trainer/release/assemble.ts";
import { exportForTfjs } from "../../../trainer/release/export-tfjs.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { withBundle } from "../../../trainer/release/verify.ts";
import { openStore } from "../../../trainer/storage/open-store.ts";
import { runCli } from "../../e2e/run-cli.ts";
import { importBytes } from "../import/import-tiny.ts";
import { tinyTflite } from "../import/tiny-tflite.ts";
import { useWasm } from "./backends.ts";
import { createRandom } from "./random.ts";

const codec = loadCodec();
let folder: string;

beforeAll(async () => {
  await useWasm();
  folder = await mkdtemp(join(tmpdir(), "edgewise-export-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** What tfjs itself makes of a model.json and its weights, for one image of the tiny model. */
async function runTfjs(json: Uint8Array, weights: Uint8Array, input: Float32Array): Promise<number[]> {
  const { modelTopology, weightsManifest, signature } = JSON.parse(new TextDecoder().decode(json));
  const model = await loadGraphModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: weightsManifest[0].weights,
      weightData: Uint8Array.from(weights).buffer,
      signature,
    }),
  );
  const logits = tf.tidy(() => {
    const output = model.execute({ input: tf.tensor4d(input, [1, 9, 9, 3]) }, "logits");
    return Array.isArray(output) ? [] : [...output.dataSync()];
  });
  model.dispose();
  return logits;
}

describe("exportForTfjs", () => {
  it.each(["int8-per-channel", "uint8", "float32"] as const)(
    "gives a model that tfjs computes alike, of %s weights",
    async (storage) => {
      const bundle = await importBytes(tinyTflite(storage).file);
      const [json, weights] = await exportForTfjs(bundleSource(bundle));
      const random = createRandom(1);
      const input = Float32Array.from({ length: 9 * 9 * 3 }, () => random.uniform() * 2 - 1);
      const exported = await runTfjs(
        json?.bytes ?? new Uint8Array(),
        weights?.bytes ?? new Uint8Array(),
        input,
      );
      await withBundle(bundle, codec, (classifier) => {
        const { logits } = classifier.infer(input);
        for (const [i, logit] of exported.entries()) expect(logit).toBeCloseTo(logits[i] ?? Number.NaN, 3);
        expect(exported).toHaveLength(3);
      });
    },
  );

  it("stores weights with a scale for each channel as uint16, and has no product of constants left", async () => {
    const tiny = tinyTflite("int8-per-channel");
    const [json] = await exportForTfjs(bundleSource(await importBytes(tiny.file)));
    const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(json?.bytes));
    const listed: { quantization?: { dtype: string; min: number; scale: number } }[] =
      weightsManifest[0].weights;
    const wide = listed.flatMap(({ quantization }) =>
      quantization?.dtype === "uint16" ? [quantization] : [],
    );
    expect(wide).toHaveLength(3);
    // 0 is one of the codes
    for (const { min, scale } of wide) expect(-min / scale).toBeCloseTo(Math.round(-min / scale), 6);
    expect(modelTopology.node.map(({ op }: { op: string }) => op)).not.toContain("Mul");
  });
});

describe("edgewise export", () => {
  it("writes the model, its labels and what its input is", async () => {
    const bundle = await importBytes(tinyTflite("int8-per-channel").file);
    const place = join(folder, "store");
    const { version } = await publishVersion(await openStore(place), bundle);
    const to = join(folder, "app", "model");
    const options = ["--store", place, "--model", "insects", "--version", version, "--json"];
    const { exitCode, json } = await runCli("export", to, ...options);
    expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { model: "insects", version } });
    const metadata = JSON.parse(await readFile(join(to, "metadata.json"), "utf8"));
    expect(metadata).toMatchObject({
      labels: ["ant", "bee", "cat"],
      imageSize: 9,
      input: bundle.manifest.input,
    });
    const [model, weights] = await Promise.all(
      ["model.json", "weights.bin"].map((name) => readFile(join(to, name))),
    );
    const [, exported] = await exportForTfjs(bundleSource(bundle));
    expect(new Uint8Array(weights ?? [])).toEqual(exported?.bytes);
    expect(JSON.parse(String(model)).format).toBe("graph-model");
  });
});
