import { concatenate } from "../../fixtures/png.ts";
import { jpegSegment, latin1, withSegments } from "../../shared/image/image-files.ts";

/** What a camera writes into its photos; what is left out is not written. */
export interface CameraFacts {
  readonly make?: string;
  readonly model?: string;
  /** As EXIF writes it: `2026:01:31 23:59:59`. */
  readonly takenAt?: string;
  /** Degrees north and east, whole ones. */
  readonly position?: readonly [number, number];
}

/** The JPEG with EXIF metadata: camera, time and position in their three directories (EXIF 2.3, sections 4.6.3 to 4.6.6). */
export function withExif(
  jpeg: Uint8Array,
  facts: CameraFacts,
  byteOrder: "II" | "MM" = "II",
): Uint8Array<ArrayBuffer> {
  return withSegments(jpeg, jpegSegment(0xe1, concatenate([latin1("Exif\0\0"), exifOf(facts, byteOrder)])));
}

/** TIFF types: characters with a zero behind them, 32-bit numbers, pairs of those. */
const [ascii, long, rational] = [2, 4, 5];

interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly value: string | readonly number[];
}

function exifOf({ make, model, takenAt, position }: CameraFacts, byteOrder: "II" | "MM"): Uint8Array {
  const [north, east] = position ?? [];
  const exif = text(0x9003, takenAt);
  const gps =
    north === undefined || east === undefined
      ? []
      : [
          ...text(1, north < 0 ? "S" : "N"),
          { tag: 2, type: rational, value: [Math.abs(north), 1, 0, 1, 0, 1] },
          ...text(3, east < 0 ? "W" : "E"),
          { tag: 4, type: rational, value: [Math.abs(east), 1, 0, 1, 0, 1] },
        ];
  const camera = [...text(0x010f, make), ...text(0x0110, model)];
  // The directories lie one behind the other, each with its values; the first one points to the others.
  const directory = (own: readonly Entry[], at: number): Buffer => encodeDirectory(own, at, byteOrder);
  const first = (exifAt: number, gpsAt: number): Buffer => {
    const pointers = [
      { tag: 0x8769, type: long, value: [exifAt] },
      { tag: 0x8825, type: long, value: [gpsAt] },
    ];
    return directory([...camera, ...pointers], 8);
  };
  const exifAt = 8 + first(0, 0).length;
  const gpsAt = exifAt + directory(exif, exifAt).length;
  const header = Buffer.from(
    byteOrder === "II" ? [0x49, 0x49, 42, 0, 8, 0, 0, 0] : [0x4d, 0x4d, 0, 42, 0, 0, 0, 8],
  );
  return concatenate([header, first(exifAt, gpsAt), directory(exif, exifAt), directory(gps, gpsAt)]);
}

function text(tag: number, value: string | undefined): Entry[] {
  return value === undefined ? [] : [{ tag, type: ascii, value }];
}

/** A directory at a place in the TIFF, and behind it the values that do not fit into its entries. */
function encodeDirectory(entries: readonly Entry[], at: number, byteOrder: "II" | "MM"): Buffer {
  const little = byteOrder === "II";
  const u16 = (value: number): Buffer => {
    const bytes = Buffer.alloc(2);
    if (little) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  };
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const rows: Buffer[] = [];
  const values: Buffer[] = [];
  let valuesAt = at + 2 + 12 * entries.length + 4;
  for (const { tag, type, value } of entries) {
    const bytes =
      typeof value === "string" ? Buffer.from(`${value}\0`, "latin1") : Buffer.concat(value.map(u32));
    const count = type === ascii ? bytes.length : bytes.length / (type === rational ? 8 : 4);
    const inline = bytes.length <= 4;
    rows.push(
      u16(tag),
      u16(type),
      u32(count),
      inline ? Buffer.concat([bytes, Buffer.alloc(4 - bytes.length)]) : u32(valuesAt),
    );
    if (inline) continue;
    const padded = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)]);
    values.push(padded);
    valuesAt += padded.length;
  }
  return Buffer.concat([u16(entries.length), ...rows, u32(0), ...values]);
}
