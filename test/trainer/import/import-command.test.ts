import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../e2e/run-cli.ts";
import { threeLabels } from "./import-tiny.ts";
import { frozenGraph } from "./tfjs/frozen-graphs.ts";
import { tinyTflite } from "./tiny-tflite.ts";

let folder: string;
let options: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-import-"));
  options = ["--store", join(folder, "store"), "--json"];
  await writeFile(join(folder, "model.tflite"), tinyTflite("uint8").file);
  await writeFile(join(folder, "cut.tflite"), tinyTflite("uint8").file.slice(0, 900));
  await writeFile(join(folder, "labels.txt"), threeLabels);
});

afterAll(() => rm(folder, { recursive: true }));

function runImport(file: string, ...more: readonly string[]) {
  return runCli("import", join(folder, file), "--labels", join(folder, "labels.txt"), ...options, ...more);
}

describe("edgewise import", () => {
  it("publishes and promotes a model, which is then listed as not evaluated", async () => {
    const { exitCode, json } = await runImport("model.tflite", "--licence", "Apache-2.0");
    expect(exitCode).toBe(0);
    const { version } = json;
    expect(json).toMatchObject({ classes: 3, quantization: "uint8", promoted: "champion" });
    const listed = (await runCli("models", ...options)).json;
    expect(listed).toMatchObject({
      models: [
        {
          versions: [{ version, usable: true, top1Accuracy: null, labels: ["ant", "bee", "cat"] }],
          aliases: [{ alias: "champion", version }],
        },
      ],
    });
  });

  it("moves no alias with --no-promote", async () => {
    const { exitCode, json } = await runImport("model.tflite", "--model", "other", "--no-promote");
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({ promoted: null });
    const listed = (await runCli("models", "--model", "other", ...options)).json;
    expect(listed).toMatchObject({ models: [{ aliases: [] }] });
  });

  it("takes a model.json, its weights and the labels of the metadata.json beside it", async () => {
    const { json, weights } = frozenGraph(17, 5);
    const beside = join(folder, "exported");
    await mkdir(beside);
    await writeFile(join(beside, "model.json"), JSON.stringify(json));
    await writeFile(join(beside, "weights.bin"), weights);
    const words = ["import", join(beside, "model.json"), "--model", "exported", ...options];
    expect(await runCli(...words)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("add --labels"),
    });
    await writeFile(join(beside, "metadata.json"), JSON.stringify({ labels: ["ant", "bee", "cat"] }));
    expect(await runCli(...words, "--crop", "1", "--pixels", "0..1")).toMatchObject({
      exitCode: 0,
      json: { classes: 3, promoted: "champion" },
    });
  });

  it("says in one line what is wrong with a file", async () => {
    for (const [file, said] of [
      ["cut.tflite", "damaged or cut short"],
      ["labels.txt", "no mark TFL3"],
      ["absent.tflite", "cannot read"],
    ] as const) {
      const { exitCode, stderr } = await runImport(file);
      expect(exitCode).not.toBe(0);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect(stderr).toContain(said);
    }
  });
});
