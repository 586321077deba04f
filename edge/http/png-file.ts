import { crc32 } from "../../shared/image/metadata/crc32.ts";
import { joinBytes } from "../../shared/image/join-bytes.ts";
import type { RgbImage } from "../../shared/image/rgb-image.ts";

/** An image as a PNG file of 8-bit RGB, unfiltered (PNG specification, third edition). */
export function encodeRgbPng({ width, height, data }: RgbImage): Promise<Uint8Array<ArrayBuffer>> {
  const rows = new Uint8Array(height * (width * 3 + 1));
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  }
  return pngFile(width, height, 0x0802, rows);
}

/**
 * A PNG file.
 * @param kind bits a sample in the high byte, colour type in the low one
 * @param rows of samples, each after its filter byte
 * @param chunks between header and pixels
 */
export async function pngFile(
  width: number,
  height: number,
  kind: number,
  rows: Uint8Array<ArrayBuffer>,
  chunks: readonly (readonly [type: string, data: Uint8Array])[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint16(8, kind);
  return joinBytes([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...chunks.map(([type, data]) => chunk(type, data)),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** As the zlib stream that PNG wants. */
async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = joinBytes([new TextEncoder().encode(type), data]);
  return joinBytes([uint32(data.length), body, uint32(crc32(body))]);
}

function uint32(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value);
  return new Uint8Array(view.buffer);
}
