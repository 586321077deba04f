import { deflateSync } from "node:zlib";
import { concatenate } from "../../fixtures/png.ts";

/** Makers of image files and of their parts, byte by byte, for what encoders would not write. */

/** A TIFF structure that holds nothing but the orientation (EXIF 2.3, section 4.5.2). */
export function exifOrientation(orientation: number, byteOrder: "II" | "MM" = "MM"): Uint8Array {
  const bytes = Buffer.alloc(26);
  const little = byteOrder === "II";
  const u16 = (value: number, at: number): number =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const u32 = (value: number, at: number): number =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  bytes.write(byteOrder, 0, "latin1");
  u16(42, 2);
  u32(8, 4);
  u16(1, 8);
  u16(274, 10);
  u16(3, 12);
  u32(1, 14);
  u16(orientation, 18);
  return bytes;
}

/** A JPEG segment: marker, length, body. */
export function jpegSegment(marker: number, body: Uint8Array): Uint8Array {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return concatenate([head, body]);
}

/** The JPEG with segments put in behind its first two bytes. */
export function withSegments(jpeg: Uint8Array, ...segments: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concatenate([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
}

/** The JPEG with an EXIF orientation. */
export function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array<ArrayBuffer> {
  return withSegments(
    jpeg,
    jpegSegment(0xe1, concatenate([latin1("Exif\0\0"), exifOrientation(orientation)])),
  );
}

/** The JPEG with an ICC profile of one chunk. */
export function withProfile(jpeg: Uint8Array, profile: Uint8Array): Uint8Array<ArrayBuffer> {
  return withSegments(jpeg, jpegSegment(0xe2, concatenate([latin1("ICC_PROFILE\0\u0001\u0001"), profile])));
}

/** A PNG chunk with its checksum. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, "latin1");
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

/** What a PNG is made of. */
export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colourType: number;
  readonly interlaced?: boolean;
  /** Filter byte and pixels of every row; compressed here. */
  readonly rows: Uint8Array;
  /** Chunks before the pixels. */
  readonly before?: readonly Uint8Array[];
  /** Chunks behind the pixels. */
  readonly behind?: readonly Uint8Array[];
}

/** A PNG of any kind, sound or not. */
export function makePng(parts: PngParts): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(parts.width, 0);
  header.writeUInt32BE(parts.height, 4);
  header[8] = parts.bitDepth;
  header[9] = parts.colourType;
  header[12] = Number(parts.interlaced ?? false);
  return concatenate([
    latin1("\x89PNG\r\n\x1a\n"),
    pngChunk("IHDR", header),
    ...(parts.before ?? []),
    pngChunk("IDAT", deflateSync(parts.rows, { level: 9 })),
    ...(parts.behind ?? []),
    pngChunk("IEND", new Uint8Array()),
  ]);
}

/** PNG rows of `pixelBytes` bytes a pixel, unfiltered; in Adam7's seven passes when interlaced. */
export function pngRows(
  width: number,
  height: number,
  pixelAt: (x: number, y: number) => readonly number[],
  interlaced = false,
): Uint8Array {
  const passes = interlaced
    ? [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
      ]
    : [[0, 0, 1, 1]];
  const rows: number[] = [];
  for (const [left = 0, top = 0, stepX = 1, stepY = 1] of passes) {
    for (let y = top; y < height; y += stepY) {
      if (left < width) rows.push(0);
      for (let x = left; x < width; x += stepX) rows.push(...pixelAt(x, y));
    }
  }
  return Uint8Array.from(rows);
}

/** The simple WebP in the extended format, with more chunks (WebP container specification). */
export function extendWebp(
  webp: Uint8Array,
  size: { readonly width: number; readonly height: number },
  chunks: { readonly EXIF?: Uint8Array; readonly ICCP?: Uint8Array; readonly alpha?: boolean },
): Uint8Array<ArrayBuffer> {
  const extended = Buffer.alloc(10);
  extended[0] = (chunks.ICCP ? 0x20 : 0) | (chunks.alpha ? 0x10 : 0) | (chunks.EXIF ? 0x08 : 0);
  extended.writeUIntLE(size.width - 1, 4, 3);
  extended.writeUIntLE(size.height - 1, 7, 3);
  return riff([
    riffChunk("VP8X", extended),
    ...(chunks.ICCP ? [riffChunk("ICCP", chunks.ICCP)] : []),
    webp.subarray(12),
    ...(chunks.EXIF ? [riffChunk("EXIF", chunks.EXIF)] : []),
  ]);
}

/** A WebP file of chunks. */
export function riff(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = concatenate(chunks);
  const head = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
  head.writeUInt32LE(body.length + 4, 4);
  return concatenate([head, body]);
}

/** A chunk of a WebP file, padded to even length. */
export function riffChunk(type: string, data: Uint8Array): Uint8Array {
  const head = Buffer.from(`${type}\0\0\0\0`, "latin1");
  head.writeUInt32LE(data.length, 4);
  return concatenate([head, data, new Uint8Array(data.length & 1)]);
}

/** Bytes of a string of characters up to U+00FF. */
export function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
