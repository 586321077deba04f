import { readFileSync } from "node:fs";
import type { HostileFile } from "./hostile-files.ts";
import { extendWebp, riff, riffChunk } from "./image-files.ts";

/** Lies and damages in WebPs. */
export function hostileWebps(): HostileFile[] {
  const lossy = readWebp("lossy.webp");
  const lossless = readWebp("lossless.webp");
  const longRiff = Buffer.from(lossy);
  longRiff.writeUInt32LE(0xffff_fff0, 4);
  const longChunk = Buffer.from(lossy);
  longChunk.writeUInt32LE(0x7fff_fff0, 16);
  const huge = Buffer.from(lossless);
  huge.writeUInt32LE(0x0fff_ffff, 21); // 16384x16384 px: 14 bits each, less 1
  const hugeLossy = Buffer.from(lossy);
  hugeLossy.writeUInt16LE(16_383, 26);
  hugeLossy.writeUInt16LE(16_383, 28);
  const profileTooLong = Buffer.from(
    extendWebp(lossless, { width: 97, height: 61 }, { ICCP: new Uint8Array(100) }),
  );
  profileTooLong.writeUInt32LE(0x7fff_0000, 34);
  return [
    { name: "lossy WebP cut in half", bytes: lossy.subarray(0, lossy.length >> 1), outcome: "invalid_image" },
    {
      name: "lossless WebP cut in half",
      bytes: lossless.subarray(0, lossless.length >> 1),
      outcome: "invalid_image",
    },
    { name: "WebP whose file size is a lie", bytes: longRiff, outcome: "invalid_image" },
    { name: "WebP whose chunk size is a lie", bytes: longChunk, outcome: "invalid_image" },
    { name: "lossless WebP that says 16384x16384", bytes: huge, outcome: "image_too_large" },
    { name: "lossy WebP that says 16383x16383", bytes: hugeLossy, outcome: "image_too_large" },
    { name: "WebP with a profile beyond its end", bytes: profileTooLong, outcome: "invalid_image" },
    { name: "animated WebP", bytes: animated(lossless), outcome: "unsupported_media_type" },
    {
      name: "extended WebP without an image",
      bytes: riff([riffChunk("VP8X", new Uint8Array(10))]),
      outcome: "invalid_image",
    },
  ];
}

function readWebp(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/images/${name}`, import.meta.url));
}

/** Two frames of one image (WebP container specification, section "Animation"). */
function animated(lossless: Buffer): Uint8Array {
  const size = Buffer.alloc(6);
  size.writeUIntLE(96, 0, 3);
  size.writeUIntLE(60, 3, 3);
  const extended = Buffer.concat([Buffer.of(0x02, 0, 0, 0), size]);
  const frame = riffChunk(
    "ANMF",
    Buffer.concat([Buffer.alloc(6), size, Buffer.of(100, 0, 0, 0), lossless.subarray(12)]),
  );
  return riff([riffChunk("VP8X", extended), riffChunk("ANIM", new Uint8Array(6)), frame, frame]);
}
