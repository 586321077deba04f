import { AppError } from "../../contract/errors.ts";
import { orientationExif } from "./orientation-exif.ts";

const needed = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ICCP"]);
/** Of the first byte of VP8X: colour profile and transparency stay. */
const iccAndAlpha = 0x30;
const hasExif = 0x08;

/**
 * The parts of a WebP that its pixels need (RFC 9649, section 2).
 * @param orientation 1-8, written back where it is not 1
 * @throws {AppError} invalid_image when the chunks do not follow each other
 */
export function stripWebp(bytes: Uint8Array, orientation: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [];
  for (let at = 12; at + 8 <= bytes.length;) {
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size + (size & 1);
    if (at + 8 + size > bytes.length) {
      throw new AppError("invalid_image", `the chunk at byte ${at} of the WebP is cut off; encode it again`);
    }
    const chunk = bytes.slice(at, end);
    if (type === "VP8X") chunk[8] = ((chunk[8] ?? 0) & iccAndAlpha) | (orientation === 1 ? 0 : hasExif);
    if (needed.has(type)) kept.push(chunk);
    at = end;
  }
  // EXIF is said in VP8X, and comes behind the pixels
  if (orientation !== 1) kept.push(exifChunk(orientation));
  const head = bytes.slice(0, 12);
  const sizeBytes = kept.reduce((sum, chunk) => sum + chunk.length, 4);
  new DataView(head.buffer).setUint32(4, sizeBytes, true);
  return [head, ...kept];
}

function exifChunk(orientation: number): Uint8Array {
  const tiff = orientationExif(orientation);
  const chunk = new Uint8Array(8 + tiff.length);
  chunk.set([0x45, 0x58, 0x49, 0x46]);
  new DataView(chunk.buffer).setUint32(4, tiff.length, true);
  chunk.set(tiff, 8);
  return chunk;
}
