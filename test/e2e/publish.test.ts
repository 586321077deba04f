import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createFileStore } from "../../trainer/storage/file-store.ts";
import { handMadeBundle, putVersion, type HandMadeBundle } from "../fixtures/hand-made-bundle.ts";
import { runCli } from "./run-cli.ts";

let folder: string;
let bundle: HandMadeBundle;
let bundleFolder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-publish-"));
  bundle = await handMadeBundle();
  const { model, version } = bundle.manifest;
  await putVersion(createFileStore(join(folder, "elsewhere")), bundle);
  bundleFolder = join(folder, "elsewhere", "models", model, "versions", version);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a bundle folder made elsewhere", () => {
  it("is published under its own model and version, ready to be promoted", async ({ expect }) => {
    const { model, version } = bundle.manifest;
    const store = join(folder, "store");
    const published = await runCli("publish", bundleFolder, "--store", store, "--json");
    expect(published).toMatchObject({ exitCode: 0, json: { model, version, kept: 0 } });

    const again = await runCli("publish", bundleFolder, "--store", store, "--model", model, "--json");
    expect(again).toMatchObject({ exitCode: 0, json: { version, kept: bundle.files.size } });

    const promoted = await runCli("promote", version, "--store", store, "--model", model, "--json");
    expect(promoted).toMatchObject({ exitCode: 0, json: { version, previous: null } });
  });

  it("is refused under the name of another model", async ({ expect }) => {
    const store = join(folder, "unused");
    const { exitCode, stderr } = await runCli("publish", bundleFolder, "--store", store, "--model", "gate");
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`is of model ${bundle.manifest.model}, --model says gate`);
  });

  it("is refused with a byte that differs", async ({ expect }) => {
    const [path = "", bytes = new Uint8Array()] =
      [...bundle.files].find(([name]) => name.endsWith(".bin")) ?? [];
    const damaged = Uint8Array.from(bytes);
    damaged[0] = (damaged[0] ?? 0) ^ 1;
    await writeFile(join(bundleFolder, path), damaged);
    const { exitCode, stderr } = await runCli("publish", bundleFolder, "--store", join(folder, "unused"));
    await writeFile(join(bundleFolder, path), bytes);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^edgewise: integrity_mismatch: /);
  });
});
