import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { withCommonOptions } from "../../../trainer/commands/common-options.ts";
import { withConfigFile } from "../../../trainer/commands/config-file.ts";
import { scratchRequest } from "../../../trainer/commands/scratch-options.ts";
import { withJobOptions } from "../../../trainer/commands/job-options.ts";

const folder = mkdtempSync(join(tmpdir(), "edgewise-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The options that a command sees, of a config file and words. */
async function optionsOf(config: unknown, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const path = join(folder, "config.json");
  writeFileSync(path, JSON.stringify(config));
  let seen: Record<string, unknown> = {};
  const command = withCommonOptions(
    withJobOptions(new Command("train").option("--no-promote", "publish only")),
    [],
  );
  command.exitOverride().action((options: Record<string, unknown>) => {
    seen = options;
  });
  await command.parseAsync(["--config", path, ...words], { from: "user" });
  return seen;
}

describe("--config", () => {
  it("lets the command line win over the file, and the file over the defaults", async () => {
    const config = { mode: "scratch", epochs: 7, budget: "90s", seed: 3, promote: false };
    expect(await optionsOf(config, "--epochs", "2")).toMatchObject({
      mode: "scratch",
      epochs: 2,
      budget: 90_000,
      seed: 3,
      promote: false,
      engine: "auto",
    });
  });

  it("takes what images are grouped by, by name or by an expression", async () => {
    expect(await optionsOf({ groupBy: "sequence" })).toMatchObject({ groupBy: "sequence" });
    expect(await optionsOf({ groupBy: "folder" }, "--group-by", "(plant\\d+)")).toMatchObject({
      groupBy: "(plant\\d+)",
    });
  });

  it("asks for every part of the recipe of a net from scratch", async () => {
    const config = {
      augment: "placement",
      cutmix: 0.4,
      schedule: "one-cycle",
      optimizer: "muon",
      gradientClip: 2,
    };
    const options = await optionsOf({
      ...config,
      partSize: 8,
      batchSize: 64,
      trainShare: 0.8,
      workers: 2,
      views: 4,
      targetPrecision: 0.99,
    });
    expect(scratchRequest(options)).toMatchObject({
      batchSize: 64,
      schedule: "one-cycle",
      optimizer: "muon",
      gradientClip: 2,
      partSize: 8,
      augmentation: { flip: true, shift: 0.1, brightness: 0, contrast: 0, cutmix: 0.4 },
    });
    expect(options).toMatchObject({ trainShare: 0.8, workers: 2, views: 4, targetPrecision: 0.99 });
    expect(scratchRequest({}).augmentation).toBeUndefined();
  });

  it.each([
    [{ epoch: 7 }, /sets epoch, which is no option of train; allowed are .*\bdata\b.*\bmode\b/],
    [{ epochs: 0 }, /epochs in .*config.json: got "0"; a whole number/],
    [{ views: 33 }, /views in .*: got "33"; a whole number from 1 to 32/],
    [{ targetPrecision: 1 }, /targetPrecision in .*: got "1"; a number between 0 and 1/],
    [{ groupBy: "folders" }, /groupBy in .*: images cannot be grouped by "folders".* use none, folder, /],
    [{ gradientClip: 0 }, /gradientClip in .*: got "0"; a number above 0/],
    [{ mode: "magic" }, /mode in .*: Allowed choices are auto, /],
    [{ promote: "no" }, /promote in .* is "no"; it is true or false/],
    [{ data: true }, /data in .* is true; it is text or a number/],
    [{ run: "run-1" }, /sets run, which is no option/],
    [[1], /config .*config.json/],
  ])("rejects %j", async (config, message) => {
    await expect(optionsOf(config)).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(message),
    });
  });

  it("says so when there is no such file", async () => {
    const command = withConfigFile(new Command("train")).action(() => undefined);
    await expect(
      command.parseAsync(["--config", join(folder, "none.json")], { from: "user" }),
    ).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });
});
