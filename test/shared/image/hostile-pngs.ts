import { deflateSync } from "node:zlib";
import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import type { HostileFile } from "./hostile-files.ts";
import { latin1, makePng, pngChunk, pngRows } from "./image-files.ts";

const rgba = { bitDepth: 8, colourType: 6 } as const;
const rgb = { bitDepth: 8, colourType: 2 } as const;
const grey = { bitDepth: 8, colourType: 0 } as const;
const onePixel = { width: 1, height: 1, ...grey, rows: new Uint8Array(2) } as const;

/** Bombs, lies and damages in PNGs. */
export function hostilePngs(scene: RgbImage): HostileFile[] {
  return [...bombs(), ...lies(), ...damages(scene)];
}

function bombs(): HostileFile[] {
  const compressed = deflateSync(new Uint8Array(50_000_000), { level: 9 });
  const text = Buffer.concat([latin1("a\0\0"), compressed]);
  const profile = Buffer.concat([latin1("a\0\0"), deflateSync(new Uint8Array(16_000))]);
  return [
    {
      name: "PNG of 20000x20000 px in one bit",
      bytes: makePng({
        width: 20_000,
        height: 20_000,
        bitDepth: 1,
        colourType: 0,
        rows: new Uint8Array(2501),
      }),
      outcome: "image_too_large",
    },
    {
      name: "PNG of 16000x1001 px",
      bytes: makePng({ width: 16_000, height: 1001, ...rgba, rows: new Uint8Array(1000) }),
      outcome: "image_too_large",
    },
    {
      name: "flat PNG of 16 MP",
      bytes: makePng({ width: 4000, height: 4000, ...rgba, rows: new Uint8Array(4000 * 16_001) }),
      outcome: "decodes",
    },
    {
      name: "interlaced PNG of 16 MP, whose rows are needed all at once",
      bytes: makePng({
        width: 4000,
        height: 4000,
        ...rgba,
        interlaced: true,
        rows: new Uint8Array(70_000_000),
      }),
      outcome: "image_too_large",
    },
    {
      name: "interlaced PNG of 9 MP",
      bytes: makePng({
        width: 3000,
        height: 3000,
        ...rgba,
        interlaced: true,
        rows: new Uint8Array(40_000_000),
      }),
      outcome: "decodes",
    },
    {
      name: "PNG as wide as 31 bits say",
      bytes: makePng({ width: 0x7fff_ffff, height: 0x7fff_ffff, ...rgba, rows: new Uint8Array(1000) }),
      outcome: "image_too_large",
    },
    {
      name: "PNG of 1000000x16 px",
      bytes: makePng({ width: 1_000_000, height: 16, ...rgb, rows: new Uint8Array(1000) }),
      outcome: "image_too_large",
    },
    {
      name: "PNG with 50 MB of text",
      bytes: makePng({ ...onePixel, before: [pngChunk("zTXt", text)] }),
      outcome: "decodes",
    },
    {
      name: "PNG with 50 MB of ICC profile",
      bytes: makePng({ ...onePixel, before: [pngChunk("iCCP", text)] }),
      outcome: "decodes",
    },
    {
      name: "PNG with 50000 ICC profiles",
      bytes: makePng({
        ...onePixel,
        before: Array.from({ length: 50_000 }, () => pngChunk("iCCP", profile)),
      }),
      outcome: "decodes",
    },
    {
      name: "PNG with far more pixels than it says",
      bytes: makePng({ width: 10, height: 10, ...rgb, rows: new Uint8Array(20_000_000) }),
      outcome: "either",
    },
  ];
}

function lies(): HostileFile[] {
  return [
    {
      name: "PNG of no width",
      bytes: makePng({ width: 0, height: 10, ...rgb, rows: new Uint8Array(100) }),
      outcome: "invalid_image",
    },
    {
      name: "PNG with fewer pixels than it says",
      bytes: makePng({ width: 100, height: 100, ...rgb, rows: new Uint8Array(15_000) }),
      outcome: "invalid_image",
    },
    {
      name: "PNG of a palette without one",
      bytes: makePng({ width: 8, height: 8, bitDepth: 8, colourType: 3, rows: new Uint8Array(72) }),
      outcome: "invalid_image",
    },
    {
      name: "PNG with indices beyond its palette",
      bytes: makePng({
        width: 8,
        height: 8,
        bitDepth: 8,
        colourType: 3,
        rows: new Uint8Array(72).fill(200).map((value, index) => (index % 9 === 0 ? 0 : value)),
        before: [pngChunk("PLTE", Uint8Array.of(255, 0, 0))],
      }),
      outcome: "either",
    },
    {
      name: "PNG of colour type 5",
      bytes: makePng({ width: 8, height: 8, bitDepth: 8, colourType: 5, rows: new Uint8Array(100) }),
      outcome: "invalid_image",
    },
    {
      name: "PNG of 16-bit palette indices",
      bytes: makePng({ width: 8, height: 8, bitDepth: 16, colourType: 3, rows: new Uint8Array(200) }),
      outcome: "invalid_image",
    },
    {
      name: "APNG that announces a million frames",
      bytes: makePng({ ...onePixel, before: [pngChunk("acTL", Uint8Array.of(0, 15, 66, 64, 0, 0, 0, 0))] }),
      outcome: "decodes",
    },
  ];
}

function damages({ width, height, data }: RgbImage): HostileFile[] {
  const rows = pngRows(width, height, (x, y) => {
    const at = (y * width + x) * 3;
    return [...data.subarray(at, at + 3)];
  });
  const sound = makePng({ width, height, ...rgb, rows });
  const wrongChecksum = Buffer.from(sound);
  const middle = sound.length >> 1;
  wrongChecksum[middle] = (wrongChecksum[middle] ?? 0) ^ 1;
  const wrongFilter = makePng({ width, height, ...rgb, rows: rows.with(0, 9) });
  return [
    { name: "PNG cut at 5 %", bytes: sound.subarray(0, sound.length * 0.05), outcome: "invalid_image" },
    { name: "PNG cut at 50 %", bytes: sound.subarray(0, middle), outcome: "invalid_image" },
    { name: "PNG cut at 99 %", bytes: sound.subarray(0, sound.length * 0.99), outcome: "invalid_image" },
    { name: "PNG without its end", bytes: sound.subarray(0, -12), outcome: "decodes" },
    { name: "PNG with a flipped bit", bytes: wrongChecksum, outcome: "invalid_image" },
    { name: "PNG with filter 9", bytes: wrongFilter, outcome: "invalid_image" },
  ];
}
