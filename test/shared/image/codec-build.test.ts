import { type ChildProcess, execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { codecSha256 } from "../../../shared/image/codec-digest.ts";
import { loadJpegEncoder } from "../../../trainer/assets.ts";
import { hostileFiles } from "./hostile-files.ts";

const codecFolder = fileURLToPath(new URL("../../../shared/image/codec/", import.meta.url));
const images = fileURLToPath(new URL("../../fixtures/images/", import.meta.url));
// A cold sanitizer build takes 20 s on two cores, more when they are busy.
const timeoutMs = 280_000;

describe("the codec's artefact", () => {
  it("is the one that codec-digest.ts names", () => {
    const bytes = readFileSync(join(codecFolder, "codec.wasm"));

    expect(createHash("sha256").update(bytes).digest("hex")).toBe(codecSha256);
  });

  it("is what its sources give", { timeout: timeoutMs }, async ({ skip }) => {
    const { status, output } = await run("verify-build.sh");

    expect({ status, output }).toMatchObject({ status: 0 });
    skip(output.startsWith("skipped"), output);
    expect(output).toMatch(/^identical: /);
  });
});

describe("the codec's C under AddressSanitizer and UndefinedBehaviorSanitizer", () => {
  it("reads hostile files and mutations without a finding", { timeout: timeoutMs }, async ({ skip }) => {
    const folder = await mkdtemp(join(tmpdir(), "hostile-"));
    try {
      const sound = readdirSync(images).filter((name) => !name.endsWith(".ts"));
      const files = [join(images, "baseline-420.jpg"), ...sound.map((name) => join(images, name))];
      for (const [index, { bytes }] of hostileFiles(loadJpegEncoder()).entries()) {
        if (bytes.length > 300_000) continue; // megabytes of one byte: slow, and nothing new for a sanitizer
        files.push(join(folder, `${index}`));
        await writeFile(join(folder, `${index}`), bytes);
      }

      const { status, output } = await run("sanitize.sh", "12", "1", ...files);

      skip(status === 3, output);
      expect({ status, output }).toMatchObject({ status: 0 });
      expect(output).toMatch(/no finding/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function run(script: string, ...args: readonly string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, CODEC_OFFLINE: "1" }, maxBuffer: 1 << 26 };
    const child: ChildProcess = execFile(join(codecFolder, script), args, options, (_, stdout, stderr) => {
      resolve({ status: child.exitCode ?? 1, output: `${stdout}${stderr}`.trim() });
    });
  });
}
