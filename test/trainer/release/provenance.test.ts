import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manifestSchema } from "../../../shared/contract/manifest.ts";
import type { FileBytes } from "../../../trainer/release/model-files.ts";
import { collectProvenance, configDigest, type RunFacts } from "../../../trainer/release/provenance.ts";
import { compactTimestamp, versionName } from "../../../trainer/release/version.ts";

const facts: RunFacts = {
  runId: "run-1",
  startedAt: new Date("2026-01-31T23:59:59.987Z"),
  dataset: { dataset: "insects", datasetVersion: "0123456789abcdef", digest: "0".repeat(64) },
  config: { epochs: 3 },
  seed: 7,
  engine: "wasm",
};

function file(text: string): FileBytes {
  return { path: "model.json", bytes: new TextEncoder().encode(text) };
}

describe("collectProvenance", () => {
  let root: string;
  // Without the GIT_ variables of a hook, which would have these commands change the repository around.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", root, "-c", "user.name=t", "-c", "user.email=t@t", ...args], {
      encoding: "utf8",
      env,
    });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "edgewise-provenance-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("names the commit, and says when files differ from it", async () => {
    git("init", "-q");
    await writeFile(join(root, "a"), "1");
    git("add", "a");
    git("commit", "-q", "-m", "first");
    const commit = git("rev-parse", "HEAD").trim();
    expect((await collectProvenance(root, facts)).gitCommit).toBe(commit);
    await writeFile(join(root, "a"), "2");
    expect((await collectProvenance(root, facts)).gitCommit).toBe(`${commit}-dirty`);
  });

  it("names no commit outside of a checkout, nor that of a checkout around it", async () => {
    expect((await collectProvenance(root, facts)).gitCommit).toBeNull();
    git("init", "-q");
    git("commit", "-q", "--allow-empty", "-m", "first");
    const inner = join(root, "inner");
    await mkdir(inner);
    expect((await collectProvenance(inner, facts)).gitCommit).toBeNull();
  });

  it("lists the versions that are installed, as the manifest takes them", async () => {
    const folder = join(root, "node_modules/@tensorflow/tfjs-core");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "x", version: "4.22.0" }));
    const provenance = await collectProvenance(root, facts);
    expect(provenance.packages).toEqual({ node: process.versions.node, "@tensorflow/tfjs-core": "4.22.0" });
    expect(manifestSchema.shape.provenance.parse(provenance)).toEqual(provenance);
  });
});

describe("configDigest", () => {
  it("is the same for the same settings in another order, and differs for others", async () => {
    const digest = await configDigest({ a: 1, b: { c: [1, 2], d: "x" } });
    expect(await configDigest({ b: { d: "x", c: [1, 2] }, a: 1 })).toBe(digest);
    expect(await configDigest({ a: 1, b: { c: [2, 1], d: "x" } })).not.toBe(digest);
  });
});

describe("versionName", () => {
  it("begins with the start of the run and ends with a digest of the files", async () => {
    const name = await versionName(facts.startedAt, [file("a")]);
    expect(name).toBe("20260131T235959Z-ca978112");
    expect(await versionName(facts.startedAt, [file("b")])).not.toBe(name);
  });

  it("sorts as time does", () => {
    const times = ["2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00.000Z"].map((time) => new Date(time));
    const [first, second] = times.map(compactTimestamp);
    expect(String(first) < String(second)).toBe(true);
  });
});
