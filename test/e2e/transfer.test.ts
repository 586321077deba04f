import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { projectRoot } from "../../trainer/project-root.ts";
import { startCli } from "./run-cli.ts";

const data = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const photos = join(data, "hymenoptera-train.tar.gz");
const present = existsSync(photos) && existsSync(join(data, "models"));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-transfer-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = join(data, "models", "mobilenet_v1_0.25_128_quant.tflite");

describe.skipIf(!present)("photos of ants and bees (need ../shared/data)", () => {
  it("become a head on a backbone, served as it was evaluated", async ({ expect }) => {
    const words = ["start", "--once", "--port", "0", "--json", "--store", join(folder, "store")];
    const backbones = { EDGEWISE_BACKBONES: join(data, "models") };
    const started = await startCli([...words, "--data", photos], projectRoot, backbones).ended;
    expect(started.stderr).not.toContain("edgewise: ");
    expect(started).toMatchObject({
      exitCode: 0,
      json: { mode: "head", servedAgreement: 1, crossValidation: { folds: 5, images: 244 } },
    });
    const { crossValidation, top1Accuracy } = started.json as {
      crossValidation: { top1Accuracy: number };
      top1Accuracy: { float: number; bundle: number };
    };
    expect(crossValidation.top1Accuracy).toBeGreaterThanOrEqual(0.95);
    expect(Math.abs(top1Accuracy.float - top1Accuracy.bundle)).toBeLessThanOrEqual(0.005);
  });

  it("become the same head on a net named by its file and by the version it was imported as", async ({
    expect,
  }) => {
    const store = ["--store", join(folder, "own"), "--json"];
    const labels = join(data, "models", "imagenet_labels.txt");
    const imported = await startCli(["import", small, "--labels", labels, "--model", "net", ...store]).ended;
    expect(imported).toMatchObject({ exitCode: 0 });
    const heads = [];
    for (const backbone of [small, "net@champion"]) {
      const words = ["train", "--data", photos, "--limit", "60", "--backbone", backbone, "--no-report"];
      const trained = await startCli([...words, "--model", "gate", ...store]).ended;
      expect(trained).toMatchObject({ exitCode: 0, json: { mode: "head" } });
      heads.push(trained.json["weightsSha256"]);
    }
    expect(heads[1]).toBe(heads[0]);
    const slip = await startCli(["train", "--backbone", "mobilnet", ...store]).ended;
    expect(slip).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("the nets known by name are mobilenet-v2-1.0-224"),
    });
  });
});
