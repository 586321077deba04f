import { concatenate } from "../../fixtures/png.ts";
import { latin1 } from "./image-files.ts";

/** A colour of linear light in the profile connection space. */
type Xyz = readonly [number, number, number];

/** The colorants of a matrix profile, adapted to D50, and its curve. */
export interface MatrixProfile {
  readonly red: Xyz;
  readonly green: Xyz;
  readonly blue: Xyz;
  /** The sRGB curve, or a plain power. */
  readonly curve: "srgb" | number;
}

/** Display P3 as Apple's devices write it. */
export const displayP3: MatrixProfile = {
  red: [0.51512, 0.2412, -0.00105],
  green: [0.29198, 0.69225, 0.04189],
  blue: [0.1571, 0.06657, 0.78407],
  curve: "srgb",
};

/** sRGB. */
export const srgb: MatrixProfile = {
  red: [0.43607, 0.22249, 0.01392],
  green: [0.38515, 0.71687, 0.09708],
  blue: [0.14307, 0.06061, 0.7141],
  curve: "srgb",
};

/** Adobe RGB (1998): wide too, yet not Display P3. */
export const adobeRgb: MatrixProfile = {
  red: [0.60974, 0.31111, 0.01947],
  green: [0.20528, 0.62567, 0.06087],
  blue: [0.14919, 0.06322, 0.74457],
  curve: 2.2,
};

/** A version 4 display profile (ICC.1:2022, section 8.3). */
export function makeProfile(profile: MatrixProfile): Uint8Array<ArrayBuffer> {
  const curve = profile.curve === "srgb" ? srgbCurve() : parametric(0, [profile.curve]);
  const text = latin1("made for tests");
  const wide = Uint8Array.from([...text].flatMap((byte) => [0, byte]));
  const multiLocalised = concatenate([
    latin1("mluc\0\0\0\0"),
    u32(1, 12),
    latin1("enUS"),
    u32(wide.length, 28),
    wide,
  ]);
  const tags: readonly (readonly [string, Uint8Array])[] = [
    ["desc", multiLocalised],
    ["cprt", multiLocalised],
    ["wtpt", xyz([0.9642, 1, 0.8249])],
    ["rXYZ", xyz(profile.red)],
    ["gXYZ", xyz(profile.green)],
    ["bXYZ", xyz(profile.blue)],
    ["rTRC", curve],
    ["gTRC", curve],
    ["bTRC", curve],
  ];
  let offset = 128 + 4 + 12 * tags.length;
  const table: Uint8Array[] = [u32(tags.length)];
  const bodies: Uint8Array[] = [];
  for (const [name, body] of tags) {
    const padded = concatenate([body, new Uint8Array((4 - (body.length % 4)) % 4)]);
    table.push(latin1(name), u32(offset, body.length));
    bodies.push(padded);
    offset += padded.length;
  }
  return concatenate([header(offset), ...table, ...bodies]);
}

function header(bytes: number): Uint8Array {
  const head = Buffer.alloc(128);
  head.writeUInt32BE(bytes, 0);
  head.writeUInt32BE(0x0430_0000, 8);
  head.write("mntrRGB XYZ ", 12, "latin1");
  head.set([0x07, 0xe8, 0, 1, 0, 1], 24);
  head.write("acsp", 36, "latin1");
  head.set(xyz([0.9642, 1, 0.8249]).subarray(8), 68);
  return head;
}

function srgbCurve(): Uint8Array {
  return parametric(3, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]);
}

function parametric(type: number, values: readonly number[]): Uint8Array {
  return concatenate([latin1("para\0\0\0\0"), Uint8Array.of(0, type, 0, 0), ...values.map(fixed)]);
}

function xyz(values: Xyz): Uint8Array {
  return concatenate([latin1("XYZ \0\0\0\0"), ...values.map(fixed)]);
}

/** s15Fixed16Number */
function fixed(value: number): Uint8Array {
  return u32(Math.round(value * 65_536) >>> 0);
}

function u32(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
}
