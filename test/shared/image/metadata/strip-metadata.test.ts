import { readdirSync, readFileSync } from "node:fs";
import { assert, constantFrom, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { isAppError } from "../../../../shared/contract/errors.ts";
import { joinBytes } from "../../../../shared/image/join-bytes.ts";
import { stripMetadata } from "../../../../shared/image/metadata/strip-metadata.ts";
import { loadCodec } from "../../../../trainer/assets.ts";
import { pngChunk } from "../image-files.ts";
import { pixelSpec } from "../pixel-spec.ts";

const codec = loadCodec();
const folder = new URL("../../../fixtures/images/", import.meta.url);
const files = readdirSync(folder).filter((name) => /\.(?:jpg|png|webp)$/.test(name));
const spec = pixelSpec({ width: 64, height: 48 });
const secret = "48.8584 N, 2.2945 E, taken by nobody";
const secretBytes = new TextEncoder().encode(secret);

function read(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

/** The file with something secret wherever its format has room for it. */
function withSecrets(bytes: Uint8Array, name: string): Uint8Array {
  if (name.endsWith(".jpg")) {
    const segments = [0xe1, 0xe2, 0xe3, 0xed, 0xef, 0xfe].map((marker) =>
      joinBytes([Uint8Array.of(0xff, marker, 0, secretBytes.length + 2), secretBytes]),
    );
    return joinBytes([bytes.subarray(0, 2), ...segments, bytes.subarray(2), secretBytes]);
  }
  if (name.endsWith(".png")) {
    const chunks = ["tEXt", "iTXt", "tIME", "prVt"].map((type) => pngChunk(type, secretBytes));
    return joinBytes([bytes.subarray(0, 33), ...chunks, bytes.subarray(33), secretBytes]);
  }
  const chunk = joinBytes([
    new TextEncoder().encode("XMP "),
    Uint8Array.of(secretBytes.length, 0, 0, 0),
    secretBytes,
  ]);
  const whole = joinBytes([bytes, chunk]);
  new DataView(whole.buffer).setUint32(4, whole.length - 8, true);
  return whole;
}

function outcomeOf(bytes: Uint8Array, orientation: number): string {
  try {
    return stripMetadata(bytes, orientation).bytes.length < 400 ? "as it should be" : "it grew";
  } catch (error) {
    return isAppError(error) ? "as it should be" : String(error);
  }
}

describe("a file without its metadata", () => {
  it("finds its fixtures", () => expect(files.length).toBeGreaterThan(25));

  it.each(files)("has the very pixels of %s, turned as it was, and none of its secrets", (name) => {
    const original = read(name);
    const revealing = withSecrets(original, name);
    const expected = codec.decode(original, spec);
    expect(Buffer.from(revealing).includes(secret)).toBe(true);
    const { bytes, format } = stripMetadata(revealing, expected.orientation);

    expect(Buffer.from(bytes).includes(secret)).toBe(false);
    const { image, orientation, displayP3, width, height } = codec.decode(bytes, spec);
    expect({ format, orientation, displayP3, width, height }).toEqual({
      format: expected.format,
      orientation: expected.orientation,
      displayP3: expected.displayP3,
      width: expected.width,
      height: expected.height,
    });
    expect(Buffer.from(image.data).equals(expected.image.data)).toBe(true);
    // nothing more to take
    expect(stripMetadata(bytes, orientation).bytes).toEqual(bytes);
  });

  it("is made of any bytes without hanging, or refused", () => {
    const heads = [
      [0xff, 0xd8, 0xff],
      [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
      [...new TextEncoder().encode("RIFF\0\0\0\0WEBP")],
    ];
    assert(
      property(
        constantFrom(...heads),
        uint8Array({ maxLength: 300 }),
        constantFrom(1, 6),
        (head, tail, turned) => {
          expect(outcomeOf(Uint8Array.from([...head, ...tail]), turned)).toBe("as it should be");
        },
      ),
      { seed: 1, numRuns: 2000 },
    );
  });
});
