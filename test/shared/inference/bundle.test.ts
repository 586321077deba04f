import { describe, expect, it } from "vitest";
import { openBundle } from "../../../shared/inference/bundle.ts";
import { sha256Hex } from "../../../shared/store/sha256.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  type HandMadeOptions,
} from "../../fixtures/hand-made-bundle.ts";
import { fileOf, openHandMade, refusalOf } from "./open-hand-made.ts";

/** The bundle with other bytes in one file, its manifest as it was. */
function withFile(
  made: HandMadeBundle,
  path: string,
  change: (bytes: Uint8Array) => Uint8Array,
): HandMadeBundle {
  return { ...made, files: new Map([...made.files, [path, change(fileOf(made, path).slice())]]) };
}

function withManifestText(text: string, made: HandMadeBundle): HandMadeBundle {
  return withFile(made, "manifest.json", () => new TextEncoder().encode(text));
}

function flip(bytes: Uint8Array): Uint8Array {
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
  return bytes;
}

function longer(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes, 0);
}

describe("openBundle", () => {
  it.each(["none", "float16", "uint8"] as const)("opens a bundle stored as %s", async (quantization) => {
    const made = await handMadeBundle({ quantization });
    const bundle = await openHandMade(made, { manifestSha256: made.manifestSha256 });

    expect(bundle.manifest).toEqual(made.manifest);
    expect(bundle.manifestSha256).toBe(await sha256Hex(fileOf(made, "manifest.json")));
    expect(bundle.graph.inputShape).toEqual([1, 32, 32, 3]);
    expect(Object.fromEntries(bundle.graph.shapes)).toMatchObject({
      stem: [1, 32, 32, 8],
      features: [1, 16, 16, 8],
      pool: [1, 8],
      dense: [1, 3],
    });
  });

  it("estimates the memory that a batch of one takes", async () => {
    const { graph } = await openHandMade(await handMadeBundle());

    // three classes take the room of eight, and every layer begins at a multiple of 64 bytes
    const weights = 4 * ((3 + 1) * 8 + (9 + 1) * 8 + (8 + 1) * 8);
    const small = graph.memory.residentBytes - weights;
    expect(small).toBeGreaterThan(3 * 256 * 4);
    expect(small).toBeLessThan(3 * 256 * 4 + 3000);
    // the image, and the first layer's output with the row and column of zeros that the second one wants
    expect(graph.memory.activationBytes).toBe(4 * (32 * 32 * 3 + 33 * 33 * 8 + 8));
  });

  it("reads only the files that inference uses", async () => {
    const made = await handMadeBundle({
      editManifest: (manifest) => {
        manifest.files = [...manifest.files, { path: "card.md", bytes: 10, sha256: "0".repeat(64) }];
      },
    });

    await expect(openHandMade(made)).resolves.toBeDefined();
  });
});

describe("openBundle refuses bytes", () => {
  it("of a manifest that was not promoted", async () => {
    const made = await handMadeBundle();

    await expect(openHandMade(made, { manifestSha256: "0".repeat(64) })).rejects.toMatchObject({
      code: "integrity_mismatch",
    });
  });

  it.each(["model.json", "group1-shard1of2.bin", "group1-shard2of2.bin"])(
    "of %s with one bit flipped, cut short or too long",
    async (path) => {
      const made = await handMadeBundle();
      const shorter = withFile(made, path, (bytes) => bytes.slice(1));

      expect(await refusalOf(withFile(made, path, flip))).toEqual({
        code: "integrity_mismatch",
        message: expect.stringContaining(`${path} has sha256`),
      });
      for (const changed of [shorter, withFile(made, path, longer)]) {
        expect(await refusalOf(changed)).toEqual({
          code: "integrity_mismatch",
          message: expect.stringMatching(/has \d+ bytes, the manifest says/),
        });
      }
    },
  );

  it("of a manifest that is no JSON, no UTF-8 or too long", async () => {
    const made = await handMadeBundle();

    expect(await refusalOf(withManifestText("{", made))).toEqual({
      code: "invalid_manifest",
      message: expect.stringMatching(/is not JSON/),
    });
    const notText = withFile(made, "manifest.json", () => Uint8Array.of(0x22, 0xff, 0x22));
    expect(await refusalOf(notText)).toEqual({
      code: "invalid_manifest",
      message: expect.stringMatching(/is not UTF-8/),
    });
    expect(await refusalOf(withManifestText(" ".repeat(9_000_000), made))).toEqual({
      code: "invalid_manifest",
      message: expect.stringMatching(/8388608 are allowed/),
    });
  });
});

describe("openBundle refuses to spend", () => {
  const options: HandMadeOptions = { size: 64 };

  it("more memory on weights than allowed, before it reads them", async () => {
    const made = await handMadeBundle(options);
    const read: string[] = [];
    const source = {
      manifest: fileOf(made, "manifest.json"),
      readFile: (path: string) => {
        read.push(path);
        return Promise.resolve(fileOf(made, path));
      },
    };

    await expect(openBundle(source, { memoryBudgetBytes: 400 })).rejects.toMatchObject({
      code: "budget_exceeded",
    });
    expect(read).toEqual(["model.json"]);
  });

  it("more memory on activations than allowed", async () => {
    await expect(
      openHandMade(await handMadeBundle(options), { memoryBudgetBytes: 100_000 }),
    ).rejects.toMatchObject({
      code: "budget_exceeded",
      message: expect.stringContaining("the model would take about"),
    });
    await expect(
      openHandMade(await handMadeBundle(options), { memoryBudgetBytes: 1_000_000 }),
    ).resolves.toBeDefined();
  });

  it("time on a model.json that says to be larger than any is", async () => {
    const made = await handMadeBundle({
      editManifest: (manifest) =>
        (manifest.files = manifest.files.map((file) => ({
          ...file,
          bytes: file.path === "model.json" ? 1e8 : file.bytes,
        }))),
    });

    expect(await refusalOf(made)).toEqual({
      code: "budget_exceeded",
      message: expect.stringMatching(/model.json has 100000000 bytes/),
    });
  });
});
