import { readFileSync } from "node:fs";
import type { ErrorCode } from "../../../shared/contract/errors.ts";
import type { JpegEncoder } from "../../../shared/image/encoder.ts";
import { concatenate } from "../../fixtures/png.ts";
import { drawScene } from "./draw-scene.ts";
import { hostilePngs } from "./hostile-pngs.ts";
import { hostileWebps } from "./hostile-webps.ts";
import { exifOrientation, jpegSegment, latin1, withSegments } from "./image-files.ts";

/** A file meant to break a decoder, and what must become of it. */
export interface HostileFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The error's code, `decodes`, or `either` where both are right. */
  readonly outcome: ErrorCode | "decodes" | "either";
}

/** Empty, cut short, lying, huge, odd and foreign files. */
export function hostileFiles(encode: JpegEncoder): readonly HostileFile[] {
  const scene = drawScene(640, 480);
  const baseline = encode(scene, 85);
  const progressive = encode(scene, 85, { progressive: true });
  return [
    ...fragments(),
    ...cutShort(baseline, progressive),
    ...lyingSizes(baseline, progressive),
    ...foreignFormats(),
    ...swollenSegments(baseline),
    ...scanBombs(encode),
    ...oddJpegs(baseline, progressive),
    ...hostilePngs(scene),
    ...hostileWebps(),
  ];
}

/** A file of test/fixtures/images. */
export function readImage(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/images/${name}`, import.meta.url));
}

function fragment(name: string, ...bytes: number[]): HostileFile {
  return { name, bytes: Uint8Array.from(bytes), outcome: "invalid_image" };
}

function fragments(): HostileFile[] {
  return [
    fragment("empty"),
    fragment("one byte", 0xff),
    fragment("start of a JPEG", 0xff, 0xd8, 0xff),
    fragment("start of a JPEG segment", 0xff, 0xd8, 0xff, 0xe0, 0, 16),
    fragment("JPEG of nothing but an end", 0xff, 0xd8, 0xff, 0xd9),
    fragment("JPEG segment of length 0", 0xff, 0xd8, 0xff, 0xe1, 0, 0, 1, 2, 3, 4),
    fragment("JPEG segment of length 1", 0xff, 0xd8, 0xff, 0xe1, 0, 1, 1, 2, 3, 4),
    fragment("PNG signature", 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    { name: "zeros", bytes: new Uint8Array(1000), outcome: "invalid_image" },
    { name: "text", bytes: latin1("hello, this is no image"), outcome: "invalid_image" },
    { name: "WebP signature", bytes: latin1("RIFF\u0004\0\0\0WEBP"), outcome: "invalid_image" },
  ];
}

function cutShort(baseline: Uint8Array, progressive: Uint8Array): HostileFile[] {
  const files: HostileFile[] = [];
  for (const [kind, whole] of Object.entries({ baseline, progressive })) {
    for (const percent of [1, 5, 10, 50, 90, 99]) {
      const bytes = whole.subarray(0, Math.floor((whole.length * percent) / 100));
      files.push({ name: `${kind} JPEG cut at ${percent} %`, bytes, outcome: "invalid_image" });
      const ended = concatenate([bytes, Uint8Array.of(0xff, 0xd9)]);
      // Cut between two scans and ended, a progressive file is one of fewer scans.
      const outcome = kind === "baseline" ? "invalid_image" : "either";
      files.push({ name: `${kind} JPEG cut at ${percent} %, ended`, bytes: ended, outcome });
    }
    files.push({ name: `${kind} JPEG without its end`, bytes: whole.subarray(0, -2), outcome: "decodes" });
    const trailed = concatenate([whole, new Uint8Array(5000).fill(0x55)]);
    files.push({ name: `${kind} JPEG with bytes behind it`, bytes: trailed, outcome: "decodes" });
  }
  const lastScan = progressive.lastIndexOf(0xda) - 1;
  files.push({
    name: "progressive JPEG cut between two scans",
    bytes: progressive.subarray(0, lastScan),
    outcome: "invalid_image",
  });
  return files;
}

function lyingSizes(baseline: Uint8Array, progressive: Uint8Array): HostileFile[] {
  const sizes: readonly (readonly [string, number, number, ErrorCode])[] = [
    ["65535x65535", 65_535, 65_535, "image_too_large"],
    ["65500x65500", 65_500, 65_500, "image_too_large"],
    ["16385x16", 16_385, 16, "image_too_large"],
    ["8000x8000", 8000, 8000, "image_too_large"],
    ["640x0", 640, 0, "invalid_image"],
    ["0x480", 0, 480, "invalid_image"],
    ["6300x6300", 6300, 6300, "invalid_image"],
  ];
  return sizes.flatMap(([name, width, height, code]) => [
    { name: `baseline JPEG that says ${name}`, bytes: withSize(baseline, width, height), outcome: code },
    {
      name: `progressive JPEG that says ${name}`,
      bytes: withSize(progressive, width, height),
      // 6300x6300 px would take 119 MB of coefficients.
      outcome: name === "6300x6300" ? ("image_too_large" as const) : code,
    },
  ]);
}

/** The JPEG with another size in its frame header (SOF0 or SOF2). */
function withSize(jpeg: Uint8Array, width: number, height: number): Uint8Array {
  const changed = Buffer.from(jpeg);
  let at = 2;
  while ((changed[at + 1] ?? 0) !== 0xc0 && changed[at + 1] !== 0xc2) at += 2 + changed.readUInt16BE(at + 2);
  changed.writeUInt16BE(height, at + 5);
  changed.writeUInt16BE(width, at + 7);
  return changed;
}

/** The first box of an ISO base media file. */
function fileTypeBox(brand: string): string {
  return `\0\0\0\u0018ftyp${brand}\0\0\0\0mif1${brand}`;
}

function foreignFormats(): HostileFile[] {
  const files: Readonly<Record<string, string>> = {
    GIF: "GIF89a\u0001\0\u0001\0\u0080\0\0\0\0\0\u00ff\u00ff\u00ff,\0\0\0\0\u0001\0\u0001\0\0\u0002\u0002D\u0001\0;",
    HEIC: fileTypeBox("heic"),
    "HEIC of brand mif1": fileTypeBox("mif1"),
    AVIF: fileTypeBox("avif"),
    "MP4 video": fileTypeBox("isom"),
    PDF: "%PDF-1.7\n1 0 obj<<>>endobj",
    SVG: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "SVG behind an XML declaration": '<?xml version="1.0"?>\n<!-- drawn --><svg width="1" height="1"></svg>',
    HTML: "<!doctype html><html></html>",
    BMP: `BM\u003c\0\0\0${"\0".repeat(54)}`,
    TIFF: "II*\0\u0008\0\0\0",
    "JPEG XL": "\u00ff\u000a\0\0\0\0",
    ZIP: "PK\u0003\u0004aaaa",
  };
  return Object.entries(files).map(([name, text]) => ({
    name,
    bytes: latin1(text),
    outcome: "unsupported_media_type",
  }));
}

function swollenSegments(baseline: Uint8Array): HostileFile[] {
  const exif = concatenate([latin1("Exif\0\0"), exifOrientation(6), new Uint8Array(65_400)]);
  const rubbish = concatenate([latin1("Exif\0\0"), new Uint8Array(65_500).fill(0x41)]);
  const profiles = Array.from({ length: 200 }, (_, index) =>
    jpegSegment(
      0xe2,
      concatenate([latin1("ICC_PROFILE\0"), Uint8Array.of(index + 1, 200), rubbish.subarray(0, 65_000)]),
    ),
  );
  const many = (count: number): Uint8Array[] =>
    Array.from({ length: count }, () => jpegSegment(0xe1, rubbish));
  return [
    { name: "13 MB of EXIF", bytes: withSegments(baseline, ...many(200)), outcome: "decodes" },
    { name: "26 MB of EXIF", bytes: withSegments(baseline, ...many(400)), outcome: "image_too_large" },
    {
      name: "EXIF with much behind it",
      bytes: withSegments(baseline, jpegSegment(0xe1, exif)),
      outcome: "decodes",
    },
    { name: "13 MB of ICC profile", bytes: withSegments(baseline, ...profiles), outcome: "decodes" },
    { name: "EXIF that points outside", bytes: withExif(baseline, 0x7fff_fff0), outcome: "decodes" },
    { name: "EXIF that points at itself", bytes: withExif(baseline, 8, 0xffff), outcome: "decodes" },
  ];
}

function withExif(jpeg: Uint8Array, directory: number, entries = 1): Uint8Array {
  const exif = Buffer.from(exifOrientation(3));
  exif.writeUInt32BE(directory, 4);
  exif.writeUInt16BE(entries, 8);
  return withSegments(jpeg, jpegSegment(0xe1, concatenate([latin1("Exif\0\0"), exif])));
}

/** Flat progressive images whose cheapest scan is sent over and over: little to send, much to decode. */
function scanBombs(encode: JpegEncoder): HostileFile[] {
  const width = 4000;
  const height = 3000;
  const flat = encode({ width, height, data: new Uint8Array(width * height * 3).fill(119) }, 50, {
    progressive: true,
  });
  const scans: number[] = [];
  for (let at = 2; at < flat.length - 1; at++) {
    if (flat[at] === 0xff && flat[at + 1] === 0xda) scans.push(at);
  }
  const end = flat.length - 2;
  const last = flat.subarray(scans.at(-1), end);
  const first = flat.subarray(scans[0], scans[1]);
  const repeat = (scan: Uint8Array, count: number): Uint8Array =>
    concatenate([flat.subarray(0, end), ...Array.from({ length: count }, () => scan), flat.subarray(end)]);
  return [
    { name: "12 MP in 10 scans", bytes: flat, outcome: "decodes" },
    { name: "12 MP in 20 scans", bytes: repeat(last, 10), outcome: "image_too_large" },
    { name: "12 MP in 60 scans", bytes: repeat(last, 50), outcome: "image_too_large" },
    { name: "12 MP in 500 scans", bytes: repeat(last, 490), outcome: "image_too_large" },
    { name: "12 MP in 500 DC scans", bytes: repeat(first, 490), outcome: "image_too_large" },
  ];
}

function oddJpegs(baseline: Uint8Array, progressive: Uint8Array): HostileFile[] {
  const twoComponents = Buffer.from(baseline);
  const frame = twoComponents.indexOf(Buffer.of(0xff, 0xc0));
  twoComponents[frame + 9] = 2;
  const twelveBits = Buffer.from(baseline);
  twelveBits[frame + 4] = 12;
  const lossless = Buffer.from(baseline);
  lossless[frame + 1] = 0xc3;
  const damaged = Buffer.from(baseline);
  damaged.fill(0xa5, damaged.length >> 1, (damaged.length >> 1) + 40);
  return [
    { name: "JPEG that says 2 components", bytes: twoComponents, outcome: "invalid_image" },
    { name: "12-bit JPEG", bytes: twelveBits, outcome: "unsupported_media_type" },
    { name: "lossless JPEG", bytes: lossless, outcome: "unsupported_media_type" },
    { name: "JPEG damaged in the middle", bytes: damaged, outcome: "either" },
    {
      name: "two JPEGs, one behind the other",
      bytes: concatenate([baseline, progressive]),
      outcome: "decodes",
    },
    {
      name: "arithmetic JPEG cut short",
      bytes: readImage("arithmetic.jpg").subarray(0, 9000),
      outcome: "invalid_image",
    },
    { name: "CMYK JPEG cut short", bytes: readImage("cmyk.jpg").subarray(0, 3000), outcome: "invalid_image" },
    {
      name: "JPEG of three scans without the third",
      bytes: withoutLastScan(readImage("three-scans.jpg")),
      outcome: "invalid_image",
    },
  ];
}

function withoutLastScan(jpeg: Buffer): Uint8Array {
  return jpeg.subarray(0, jpeg.lastIndexOf(Buffer.of(0xff, 0xda)));
}
