import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { parseWith } from "../../shared/contract/parse.ts";
import { type Readiness, readinessSchema } from "../../shared/contract/service.ts";
import { createFileStore } from "../../trainer/storage/file-store.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  type HandMadeOptions,
  putVersion,
} from "../fixtures/hand-made-bundle.ts";
import { solidPng } from "../fixtures/png.ts";
import { type CliResult, type RunningCli, runCli, startCli } from "./run-cli.ts";
import { type SeenAnswer, startSteadyClient, type SteadyClient } from "./steady-client.ts";

const devices = 40;
let folder: string;
let serving: RunningCli;
let url: string;
let client: SteadyClient;
const bundles = new Map<string, HandMadeBundle>();

function versionOf(name: string): string {
  return bundles.get(name)?.manifest.version ?? "";
}

async function publish(name: string, options: HandMadeOptions): Promise<void> {
  const bundle = await handMadeBundle(options);
  await putVersion(createFileStore(folder), bundle);
  bundles.set(name, bundle);
}

async function edgewise(...words: string[]): Promise<CliResult> {
  const result = await runCli(...words, "--store", folder, "--json");
  if (result.exitCode !== 0) throw new Error(`${words.join(" ")}: ${result.stderr}`);
  return result;
}

async function readiness(): Promise<Readiness> {
  const answer: unknown = await (await fetch(`${url}/health/ready`)).json();
  return parseWith(readinessSchema, answer, "the readiness");
}

/** Whether the last answers, two of every device, are all of one of some versions. */
function isSettledOn(...names: readonly string[]): (since: readonly SeenAnswer[]) => boolean {
  return (since) => {
    const last = since.slice(-2 * devices);
    return last.length === 2 * devices && last.every(({ version }) => names.map(versionOf).includes(version));
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-rollout-"));
  await publish("first", { seed: 1 });
  await publish("second", { seed: 2 });
  await publish("third", { seed: 3 });
  await publish("knows nothing", {
    seed: 4,
    editManifest: (manifest) => {
      manifest.unknown = { rule: "max-probability", threshold: 1 };
    },
  });
  await publish("says otherwise", { seed: 5, labels: ["blue", "red", "green"] });
  await edgewise("promote", versionOf("first"));
  serving = startCli(["serve", "--open", "--port", "0", "--store", folder, "--json"]);
  await serving.waitFor('{"url"');
  url = /http:\/\/127\.0\.0\.1:\d+/.exec(serving.output())?.[0] ?? "";
  client = startSteadyClient(url, new Uint8Array(solidPng(40, 40, [255, 0, 0])), devices);
});

afterAll(async () => {
  await client?.stop();
  serving?.interrupt();
  await serving?.ended;
  await rm(folder, { recursive: true, force: true });
});

describe("a client that never stops asking", () => {
  it("gets the version that is promoted", async ({ expect }) => {
    await client.until(isSettledOn("first"));
    await edgewise("promote", versionOf("second"));
    const since = await client.until(isSettledOn("second"));

    const versions = since.map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set([versionOf("first"), versionOf("second")]));
    // one isolate: no way back
    expect(versions.lastIndexOf(versionOf("first"))).toBeLessThan(versions.length - 2 * devices);
  });

  it("gets a canary on half of its devices, the same ones until it ends", async ({ expect }) => {
    await edgewise("promote", versionOf("third"), "--canary", "50%", "--shadow");
    await client.until((since) =>
      since.slice(-devices).some(({ version }) => version === versionOf("third")),
    );
    const since = await client.until((seen) => seen.length >= 6 * devices);
    const byDevice = Map.groupBy(since, ({ device }) => device);
    const tried = [...byDevice.values()].filter(([first]) => first?.version === versionOf("third")).length;

    for (const seen of byDevice.values()) expect(new Set(seen.map(({ version }) => version)).size).toBe(1);
    expect(tried).toBeGreaterThan(devices / 4);
    expect(tried).toBeLessThan((devices * 3) / 4);
    const { rollout } = await readiness();
    expect(rollout).toMatchObject({ version: versionOf("third"), canaryFraction: 0.5, ended: null });
    expect(rollout?.seen.compared).toBeGreaterThan(0);
    expect(rollout?.seen.disagreed).toBe(0);
  });

  it("is back on the version that serves when the canary is taken back", async ({ expect }) => {
    const { json } = await edgewise("rollback");
    await client.until(isSettledOn("second"));

    expect(json).toMatchObject({
      version: versionOf("second"),
      lastRollback: { version: versionOf("third") },
    });
  });

  it("is spared a canary that knows nothing: the Worker ends it, and the record says why", async ({
    expect,
  }) => {
    await edgewise("promote", versionOf("knows nothing"), "--canary", "50%");
    await serving.waitFor(`gave up ${versionOf("knows nothing")}`);
    await client.until(isSettledOn("second"));
    const { stdout } = await runCli("models", "--store", folder);

    expect(stdout).toMatch(
      /champion gave up \S+ at \S+ \(edgewise worker\): of \d+ answers \d+ were unknown/,
    );
    expect((await readiness()).lastRollback).toMatchObject({ version: versionOf("knows nothing") });
    expect((await readiness()).rollout).toBeNull();
  });

  it("never sees a shadow, which ends when it disagrees", async ({ expect }) => {
    const from = client.answers.length;
    await edgewise("promote", versionOf("says otherwise"), "--shadow");
    await serving.waitFor(`gave up ${versionOf("says otherwise")}`);
    await client.until(isSettledOn("second"));
    const since = client.answers.slice(from);

    expect(new Set(since.map(({ version }) => version))).toEqual(new Set([versionOf("second")]));
    expect(new Set(since.map(({ label }) => label))).toEqual(new Set(["red"]));
  });

  it("gets a canary for good when it is promoted, and the version before when that is rolled back", async ({
    expect,
  }) => {
    await edgewise("promote", versionOf("third"), "--canary", "10%");
    await client.until((since) =>
      since.slice(-devices).some(({ version }) => version === versionOf("third")),
    );
    await edgewise("promote");
    await client.until(isSettledOn("third"));
    const { json } = await edgewise("rollback");
    await client.until(isSettledOn("second"));

    expect(json).toMatchObject({ version: versionOf("second"), previous: versionOf("third") });
  });

  it("had an answer to every request", async ({ expect }) => {
    const failed = client.answers.filter(({ status, label }) => status !== 200 || label !== "red");

    expect(failed).toEqual([]);
    expect(client.answers.length).toBeGreaterThan(1000);
  });
});
