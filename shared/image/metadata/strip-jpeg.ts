import { AppError } from "../../contract/errors.ts";
import { orientationExif } from "./orientation-exif.ts";

const startOfScan = 0xda;
const endOfImage = 0xd9;
const comment = 0xfe;
const exifHead = [0x45, 0x78, 0x69, 0x66, 0, 0];

/**
 * The parts of a JPEG that its pixels need (ITU-T T.81, Annex B): tables, frames, scans, the colour profile and Adobe's
 * word on its colours. What lies behind the image, where some phones put films and depths, goes too.
 * @param orientation 1-8, written back where it is not 1
 * @throws {AppError} invalid_image when the segments do not follow each other
 */
export function stripJpeg(bytes: Uint8Array, orientation: number): Uint8Array[] {
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  if (orientation !== 1) kept.push(exifSegment(orientation));
  let at = 2;
  while (at < bytes.length) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff || marker < 0xc0) {
      throw new AppError("invalid_image", `byte ${at} of the JPEG begins no segment; encode it again`);
    }
    if (marker === endOfImage) return [...kept, bytes.subarray(at, at + 2)];
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const headEnd = at + 2 + Math.max(length, 2);
    const end = marker === startOfScan ? endOfScan(bytes, headEnd) : headEnd;
    if (isNeeded(bytes, marker, at + 4)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  // cut off, but the decoder got over it
  return kept;
}

function exifSegment(orientation: number): Uint8Array {
  const tiff = orientationExif(orientation);
  const length = 2 + exifHead.length + tiff.length;
  return Uint8Array.of(0xff, 0xe1, length >> 8, length & 255, ...exifHead, ...tiff);
}

/** Where the coded bytes of a scan end: before the next marker that is no restart. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next >= 0xc0 && next < 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

function isNeeded(bytes: Uint8Array, marker: number, content: number): boolean {
  if (marker === comment) return false;
  if (marker < 0xe0 || marker > 0xef) return true;
  const starts = (text: string): boolean =>
    Array.from(text).every((character, i) => bytes[content + i] === character.charCodeAt(0));
  if (marker === 0xe0) return starts("JFIF\0");
  if (marker === 0xe2) return starts("ICC_PROFILE\0");
  return marker === 0xee && starts("Adobe");
}
