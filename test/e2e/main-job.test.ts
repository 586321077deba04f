import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { runCli, startCli, type CliResult, type RunningCli } from "./run-cli.ts";

let folder: string;
let store: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-e2e-"));
  store = join(folder, "store");
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the main job on the drawn scenes", () => {
  let started: CliResult;

  beforeAll(async () => {
    started = await runCli("start", "--once", "--json", "--store", store, "--port", "0");
  }, 600_000);

  it("exits 0 with every served answer the evaluated bundle's", ({ expect }) => {
    expect(started.stderr).not.toContain("edgewise: ");
    expect(started.exitCode).toBe(0);
    expect(started.json["servedAgreement"]).toBe(1);
  });

  it("tells the scenes apart on at least 320 held-out images, which a linear model cannot", ({ expect }) => {
    const { float, bundle, served, linearBaseline } = started.json["top1Accuracy"] as Record<string, number>;
    expect(started.json["images"]).toBeGreaterThanOrEqual(320);
    expect(bundle).toBeGreaterThanOrEqual(0.95);
    expect(float).toBeGreaterThanOrEqual(0.95);
    expect(served).toBe(bundle);
    expect(linearBaseline).toBeLessThanOrEqual(0.6);
  });

  it("says how even and how honest its probabilities are, as evaluate does", ({ expect }) => {
    expect(started.json["macroF1"]).toBeGreaterThanOrEqual(0.95);
    expect(started.json["expectedCalibrationError"]).toBeLessThanOrEqual(0.1);
  });

  it("stores the bundle at no more than 30 % of the float bytes", ({ expect }) => {
    const { bundleBytes, floatBytes } = started.json as Record<string, number>;
    expect((bundleBytes ?? Infinity) / (floatBytes ?? 1)).toBeLessThanOrEqual(0.3);
  });

  it("lists the version with its alias", async ({ expect }) => {
    const { json } = await runCli("models", "--store", store, "--json");
    expect(json).toMatchObject({
      models: [
        {
          model: "default",
          versions: [{ version: started.json["version"], usable: true }],
          aliases: [{ alias: "champion", version: started.json["version"], previous: null }],
        },
      ],
    });
  });

  it("evaluates the published bundle on a labelled folder", async ({ expect }) => {
    const scenes = join(folder, "unseen");
    await runCli("dataset", "make", scenes, "--images", "200", "--seed", "99");
    await writeFile(join(scenes, "person", "notes.jpg"), "not an image");
    const { exitCode, json, stderr } = await runCli("evaluate", scenes, "--store", store, "--json");
    expect(exitCode).toBe(0);
    expect(stderr).toContain("notes.jpg");
    expect(json).toMatchObject({ version: started.json["version"], images: 200, skipped: 1 });
    expect(json["top1Accuracy"]).toBeGreaterThanOrEqual(0.9);
  });

  it("predicts a file and reports one that is no image", async ({ expect }) => {
    const person = join(folder, "unseen", "person");
    const image = (await readdir(person)).find((name) => name !== "notes.jpg") ?? "";
    const { exitCode, json } = await runCli(
      "predict",
      join(person, image),
      join(person, "notes.jpg"),
      "--store",
      store,
      "--json",
    );
    expect(exitCode).toBe(1);
    expect(json["images"]).toMatchObject([
      { predictions: [{ probability: expect.any(Number) }, {}, {}] },
      { error: "invalid_image" },
    ]);
  });

  describe("served", () => {
    let serving: RunningCli;
    let url: string;

    beforeAll(async () => {
      serving = startCli(["serve", "--open", "--store", store, "--port", "0", "--json"]);
      await serving.waitFor('"url"');
      serving.interrupt();
      url = String((await serving.ended).json["url"]);
      const port = new URL(url).port;
      serving = startCli(["serve", "--open", "--store", store, "--port", port, "--json"]);
      await serving.waitFor('"url"');
    });

    afterAll(async () => {
      serving.interrupt();
      const { exitCode } = await serving.ended;
      if (exitCode !== 0) throw new Error(`serve ended with ${exitCode}`);
    });

    it("picks up a later promotion without a restart", async ({ expect }) => {
      const second = await runCli(
        "train",
        "--store",
        store,
        "--json",
        "--seed",
        "2",
        "--limit",
        "200",
        "--epochs",
        "1",
      );
      expect(second.exitCode).toBe(0);
      await serving.waitFor(`default/champion -> ${String(second.json["version"])}`);
      expect(await servedVersion(url, String(second.json["version"]))).toBe(second.json["version"]);
    });

    it("returns to the version before after a rollback", async ({ expect }) => {
      const { json } = await runCli("rollback", "--store", store, "--json");
      expect(json["version"]).toBe(started.json["version"]);
      expect(await servedVersion(url, String(json["version"]))).toBe(json["version"]);
    });

    it("refuses to share its port", async ({ expect }) => {
      const { exitCode, stderr } = await runCli("serve", "--store", store, "--port", new URL(url).port);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/port \d+ .* is taken/);
    });
  });
});

/** The version that answers: asks until it is `expected`, at most 100 times. */
async function servedVersion(url: string, expected: string): Promise<string> {
  let version = "";
  for (let asked = 0; asked < 100 && version !== expected; asked++) {
    const answer: unknown = await (await fetch(`${url}/health/ready`)).json();
    version = String((answer as Record<string, unknown>)["version"]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return version;
}
