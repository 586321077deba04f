import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
// oxlint-disable-next-line import/no-unassigned-import -- a backend to switch away to
import "@tensorflow/tfjs-backend-cpu";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { type ProbeResult, probeNative } from "../../../trainer/engine/probe-native.ts";
import { fakeName, installFake, workingPackage } from "./fake-native-package.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-native-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("probeNative", () => {
  it("says that a package is absent", async () => {
    expect(await probeNative("@edgewise/no-such-package", pathToFileURL(`${folder}/`))).toEqual({
      kind: "absent",
    });
  });

  it.each([
    [
      "throws while it loads",
      'throw new Error("libtensorflow.so.2: cannot open shared object file")',
      /cannot open/,
    ],
    [
      "dies of a signal",
      'process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000)',
      /killed by SIGSEGV/,
    ],
    [
      "dies of a missing symbol",
      'require("fs").writeSync(2, "node: symbol lookup error: x.node: undefined symbol: TF_NewStatus\\n"); process.exit(127)',
      /^exit code 127: node: symbol lookup error: x\.node: undefined symbol: TF_NewStatus$/,
    ],
    ["ends without a word", "process.exit(0)", /^exit code 0$/],
  ])("survives a package that %s", async (_what, source, reason) => {
    const result = await probeNative(fakeName, await installFake(folder, source));
    expect(result).toMatchObject({ kind: "broken", reason: expect.stringMatching(reason) });
  });

  it("accepts a package that computes the right gradient on its own backend", async () => {
    const result = await probeNative(fakeName, await installFake(folder, workingPackage("tensorflow", true)));
    expect(result).toMatchObject({ kind: "usable", gpu: true });
  });

  it("rejects a package that computes on another backend", async () => {
    const result = await probeNative(fakeName, await installFake(folder, workingPackage("cpu", false)));
    expect(result).toEqual({ kind: "broken", reason: "it loads but computes a wrong gradient" });
  });
});

const absent = async (): Promise<ProbeResult> => ({ kind: "absent" });
const broken = async (): Promise<ProbeResult> => ({ kind: "broken", reason: "killed by SIGILL" });
const cardless = async (): Promise<ProbeResult> => ({ kind: "usable", path: "/none", gpu: false });

describe("openEngine", () => {
  it("takes wasm in silence when no native package is installed", async () => {
    const engine = await openEngine("auto", absent);
    expect(engine).toMatchObject({ name: "wasm", backendName: "wasm", notices: [] });
  });

  it("takes wasm and says in one line why not the engine asked for", async () => {
    const engine = await openEngine("native-gpu", absent);
    expect(engine.name).toBe("wasm");
    expect(engine.notices).toEqual([
      "engine native-gpu is not available (@tensorflow/tfjs-node-gpu is not installed; npm run setup:native -- --gpu " +
        "installs it); wasm is used instead",
    ]);
  });

  it("takes wasm and names every package that is broken", async () => {
    const engine = await openEngine("auto", broken);
    expect(engine.name).toBe("wasm");
    expect(engine.notices).toHaveLength(2);
    expect(engine.notices.join()).toMatch(
      /tfjs-node-gpu fails: killed by SIGILL.*tfjs-node fails: killed by SIGILL/,
    );
  });

  it("refuses the graphics engine where the package finds no card", async () => {
    const engine = await openEngine("native-gpu", cardless);
    expect(engine.notices.join()).toContain("finds no graphics card");
  });

  it("does not probe where wasm is asked for", async () => {
    const engine = await openEngine("wasm", () => Promise.reject(new Error("probed")));
    expect(engine.name).toBe("wasm");
  });

  it("names the packages that make the numbers", async () => {
    const { packages } = await openEngine("wasm");
    expect(packages).toMatchObject({
      "@tensorflow/tfjs-core": "4.22.0",
      "@tensorflow/tfjs-backend-wasm": "4.22.0",
    });
  });

  it("can be opened twice and switched back to", async () => {
    const first = await openEngine("wasm");
    await openEngine("wasm");
    await tf.setBackend("cpu");
    await first.activate();
    expect(tf.getBackend()).toBe("wasm");
  });
});

describe("where a graphics card is required", () => {
  beforeEach(() => {
    process.env["EDGEWISE_REQUIRE_GPU"] = "1";
  });
  afterEach(() => {
    delete process.env["EDGEWISE_REQUIRE_GPU"];
  });

  it.each([
    ["is not installed", { kind: "absent" }, /tfjs-node-gpu is not installed/],
    ["finds no card", { kind: "usable", path: "/none", gpu: false }, /finds no graphics card/],
    ["is broken", { kind: "broken", reason: "libcudart.so.11.0 is missing" }, /libcudart/],
  ] satisfies [string, ProbeResult, RegExp][])(
    "nothing else trains when the package %s",
    async (_what, result, message) => {
      const opening = openEngine("native-gpu", async () => result);
      await expect(opening).rejects.toMatchObject({ code: "engine_unavailable" });
      await expect(openEngine("native-gpu", async () => result)).rejects.toThrow(message);
    },
  );
});
