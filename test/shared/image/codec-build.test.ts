import { type ChildProcess, execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { createImageCodec } from "../../../shared/image/codec.ts";
import { codecSha256 } from "../../../shared/image/codec-digest.ts";
import { compileModule, loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { drawScene } from "./draw-scene.ts";
import { hostileFiles } from "./hostile-files.ts";
import { pixelSpec } from "./pixel-spec.ts";

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

describe("what the codec leaves out of a JPEG", () => {
  it(
    "costs no bit of a pixel: libjpeg-turbo unpatched gives the same",
    { timeout: timeoutMs },
    async ({ skip }) => {
      const folder = await mkdtemp(join(tmpdir(), "plain-"));
      try {
        const { status, output } = await run("build.sh", "--plain", folder);
        skip(status === 3, output);
        expect({ status, output }).toMatchObject({ status: 0 });
        const plain = createImageCodec(compileModule(pathToFileURL(join(folder, "plain.wasm"))));
        const codec = loadCodec();

        let compared = 0;
        for (const { name, bytes } of jpegs()) {
          for (const side of [8, 16, 32, 64, 96, 224]) {
            const spec = pixelSpec({ width: side, height: side });
            const [ours, theirs] = [codec, plain].map((each) => outcome(() => each.decode(bytes, spec)));
            expect({ name, side, outcome: ours }).toEqual({ name, side, outcome: theirs });
            if (!("code" in (ours ?? {}))) compared++;
          }
        }
        expect(compared).toBeGreaterThan(150);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
});

/** Photos of several qualities, every kind of JPEG of the fixtures, and some whose bytes were changed on the way. */
function* jpegs(): Generator<{ readonly name: string; readonly bytes: Uint8Array }> {
  const encode = loadJpegEncoder();
  const files = readdirSync(images)
    .filter((name) => name.endsWith(".jpg"))
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(images, name))) }));
  for (const [index, quality] of [30, 75, 95].entries()) {
    files.push({ name: `drawn-${quality}`, bytes: encode(drawScene(1203 - index, 901 + index), quality) });
  }
  for (const { name, bytes } of files) {
    yield { name, bytes };
    for (const [change, share] of [0.4, 0.7, 0.9].entries()) {
      const spoilt = Uint8Array.from(bytes);
      const at = Math.floor(share * bytes.length);
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 << change);
      yield { name: `${name}, byte ${at} changed`, bytes: spoilt };
    }
  }
}

/** The SHA-256 of the pixels, or the code of the failure. */
function outcome(decode: () => { readonly image: { readonly data: Uint8Array } }): object {
  try {
    return { sha256: createHash("sha256").update(decode().image.data).digest("hex") };
  } catch (error) {
    if (isAppError(error)) return { code: error.code };
    throw error;
  }
}

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
