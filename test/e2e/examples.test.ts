import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetManifestSchema } from "../../shared/contract/dataset.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { backboneOf } from "../../trainer/backbones/registry.ts";
import { projectRoot } from "../../trainer/project-root.ts";
import { miniatures, writeMiniature } from "../fixtures/miniatures.ts";
import { startCli } from "./run-cli.ts";

const backbones = join(projectRoot, "..", "shared", "data", "models");
const examples = join(projectRoot, "trainer", "examples");

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewise-examples-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function configOf(field: string): Promise<Record<string, string | number | boolean>> {
  return JSON.parse(await readFile(join(examples, field, "config.json"), "utf8")) as Record<
    string,
    string | number | boolean
  >;
}

/** Expects images to be grouped as the config says, and no source in two splits. */
async function expectWholeSources(
  dataset: string,
  groupBy: string | number | boolean | undefined,
): Promise<void> {
  const versions = join(root, "store", "datasets", dataset);
  const [version = ""] = await readdir(versions);
  const text = await readFile(join(versions, version, "manifest.json"), "utf8");
  const manifest = parseJsonWith(datasetManifestSchema, text, dataset);
  const sourced = manifest.images.filter(({ source }) => source !== undefined);
  expect(manifest.groupBy).toBe(groupBy);
  expect(sourced).toHaveLength(groupBy === undefined ? 0 : manifest.images.length);
  for (const images of Map.groupBy(sourced, ({ source }) => source).values()) {
    expect(new Set(images.map(({ split }) => split)).size).toBe(1);
  }
}

describe("the examples", () => {
  it("are those that have a miniature", async () => {
    const folders = (await readdir(examples, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual(Object.keys(miniatures).toSorted());
  });

  it.each(Object.keys(miniatures))("train a model by the config of %s", async (field) => {
    const { backbone, model, intendedUse, promote, groupBy } = await configOf(field);
    if (typeof backbone === "string" && !existsSync(join(backbones, backboneOf(backbone).file))) {
      console.warn(`${field}: skipped, ${backbone} is not in ${backbones}`);
      return;
    }
    const data = join(root, field);
    await writeMiniature(data, field, 24);
    const words = ["train", "--config", join(examples, field, "config.json"), "--data", data];
    const here = ["--store", join(root, "store"), "--cache", join(root, "cache"), "--no-report", "--json"];
    const short = backbone === undefined ? ["--epochs", "3"] : [];
    const { exitCode, json, stderr } = await startCli([...words, ...here, ...short], projectRoot, {
      EDGEWISE_BACKBONES: backbones,
    }).ended;
    expect(stderr).not.toContain("edgewise:");
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({ model, images: expect.any(Number) });
    const version = String(json["version"]);
    const folder = join(root, "store", "models", String(model));
    const card = await readFile(join(folder, "versions", version, "card.md"), "utf8");
    expect(card).toContain(intendedUse);
    await expectWholeSources(field, groupBy);
    expect(existsSync(join(folder, "aliases", "champion.json"))).toBe(promote !== false);
  });
});
