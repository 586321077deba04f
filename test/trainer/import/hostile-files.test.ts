import { beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { openFlatBuffer } from "../../../trainer/import/flat-buffer.ts";
import { useWasm } from "../release/backends.ts";
import { createRandom } from "../release/random.ts";
import { writeFlatBuffer } from "./flat-buffer-writer.ts";
import { importBytes } from "./import-tiny.ts";
import { tinyTflite } from "./tiny-tflite.ts";

const codes = ["invalid_argument", "unsupported_model", "budget_exceeded"];

/** How an import ended; anything but an AppError that speaks of the file fails the test. */
async function outcome(file: Uint8Array): Promise<"imported" | "refused"> {
  try {
    await importBytes(file);
    return "imported";
  } catch (error) {
    if (isAppError(error) && codes.includes(error.code)) return "refused";
    throw error;
  }
}

beforeAll(useWasm);

describe("a damaged .tflite file", () => {
  it("is refused wherever it is cut short", async () => {
    const { file } = tinyTflite("uint8");
    for (let length = 0; length < file.length - 64; length += length < 64 ? 1 : 37) {
      await expect(outcome(file.slice(0, length)), `of ${length} bytes`).resolves.toBe("refused");
    }
  });

  it("never fails but by an AppError, whatever bytes are changed", async () => {
    const random = createRandom(3);
    const ends = { imported: 0, refused: 0 };
    const originals = [
      tinyTflite("uint8").file,
      tinyTflite("int8-per-channel").file,
      tinyTflite("float32").file,
    ];
    for (let i = 0; i < 1500; i++) {
      const file = random.pick(originals).slice();
      for (let change = random.integer(4); change >= 0; change--) {
        file[random.integer(file.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.integer(256)]);
      }
      ends[await outcome(file)] += 1;
    }
    expect(ends.refused).toBeGreaterThan(100);
    expect(ends.imported).toBeGreaterThan(100);
  });

  it("is refused when a size of a tensor is none", async () => {
    const { file } = tinyTflite("float32");
    const marked = Buffer.from(new Uint8Array(Int32Array.of(1, 3, 3, 4).buffer));
    const at = Buffer.from(file).lastIndexOf(marked);
    for (const size of [0, -1]) {
      const changed = file.slice();
      new DataView(changed.buffer).setInt32(at + 12, size, true);
      await expect(outcome(changed)).resolves.toBe("refused");
    }
  });

  it("is refused when it is noise behind the right mark", async () => {
    const random = createRandom(5);
    for (let i = 0; i < 300; i++) {
      const file = Uint8Array.from({ length: 8 + random.integer(400) }, () => random.integer(256));
      file.set([8 + random.integer(40), 0, 0, 0, ...Buffer.from("TFL3")]);
      await expect(outcome(file)).resolves.toBe("refused");
    }
  });

  it("cannot have one vector read over and over", () => {
    const many = writeFlatBuffer("TFL3", { 0: { int32s: Array.from({ length: 100 }, (_, i) => i) } });
    const root = openFlatBuffer(many, "TFL3");
    const readOften = () => Array.from({ length: 20 }, () => root.int32s(0));
    expect(readOften).toThrow(expect.toSatisfy((error) => isAppError(error, "invalid_argument")));
  });
});
