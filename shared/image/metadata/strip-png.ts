import { AppError } from "../../contract/errors.ts";
import { crc32 } from "./crc32.ts";
import { orientationExif } from "./orientation-exif.ts";

/** What pixels and their colours are made of (PNG specification, third edition, 11). */
const needed = new Set([
  "IHDR",
  "PLTE",
  "IDAT",
  "IEND",
  "tRNS",
  "cHRM",
  "gAMA",
  "iCCP",
  "sBIT",
  "sRGB",
  "cICP",
  "bKGD",
]);

/**
 * The parts of a PNG that its pixels need; texts, times, unknown chunks and further frames go.
 * @param orientation 1-8, written back where it is not 1
 * @throws {AppError} invalid_image when the chunks do not follow each other
 */
export function stripPng(bytes: Uint8Array, orientation: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  for (let at = 8; at + 12 <= bytes.length;) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + 12 + view.getUint32(at);
    if (!/^[A-Za-z]{4}$/.test(type) || end > bytes.length) {
      throw new AppError("invalid_image", `byte ${at} of the PNG begins no chunk; encode it again`);
    }
    if (needed.has(type)) kept.push(bytes.subarray(at, end));
    if (type === "IHDR" && orientation !== 1) kept.push(exifChunk(orientation));
    if (type === "IEND") break;
    at = end;
  }
  return kept;
}

function exifChunk(orientation: number): Uint8Array {
  const tiff = orientationExif(orientation);
  const chunk = new Uint8Array(tiff.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, tiff.length);
  chunk.set([0x65, 0x58, 0x49, 0x66], 4);
  chunk.set(tiff, 8);
  view.setUint32(8 + tiff.length, crc32(chunk.subarray(4, 8 + tiff.length)));
  return chunk;
}
