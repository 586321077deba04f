import { differenceHash, hashDistance } from "../image/perceptual-hash.ts";
import type { RgbImage } from "../image/rgb-image.ts";

/** What a frame's pixels tell without a model. */
export interface FrameSignals {
  /** {@link differenceHash}, 16 hex digits. */
  readonly hash: string;
  /** 32-bit FNV-1a over the pixels, 8 hex digits: no sensor gives the same frame twice. */
  readonly fingerprint: string;
  /** Mean luma, 0-255. */
  readonly luma: number;
  /** Standard deviation of the luma, 0-128. */
  readonly contrast: number;
  /** Mean difference of a pixel's luma from the mean of its four neighbours, 0-255. */
  readonly sharpness: number;
}

/** A frame to compare others with. */
export interface FrameSignature extends FrameSignals {
  /** `[12, 16]` mean luma of the cells, 0-255. */
  readonly grid: Float32Array;
}

/** How much two frames may differ and count as unchanged. */
export interface ChangeLimits {
  /** Bits of 64. */
  readonly bits: number;
  /** Levels of 255 by which a cell of the grid may differ, after evening out overall brightness. */
  readonly levels: number;
}

const gridColumns = 16;
const gridRows = 12;
/** Beyond this factor brightness did not flicker: it changed. */
const largestGain = 1.5;

/**
 * Measures a frame.
 * @param image at least 9x8 px; the size a model sees is plenty
 * @throws invalid_argument if it is smaller than that
 */
export function measureFrame(image: RgbImage): FrameSignature {
  const plane = lumaPlane(image);
  const { mean, deviation } = spread(plane);
  return {
    hash: differenceHash(image),
    fingerprint: fnv1a(image.data),
    luma: rounded(mean),
    contrast: rounded(deviation),
    sharpness: rounded(meanLaplacian(plane, image.width, image.height)),
    grid: gridOf(plane, image.width, image.height),
  };
}

/** Whether nothing that matters happened between two frames: in gradients and in every cell. Flicker is evened out. */
export function isUnchanged(one: FrameSignature, other: FrameSignature, limits: ChangeLimits): boolean {
  if (hashDistance(one.hash, other.hash) > limits.bits) return false;
  const gain = (one.luma + 1) / (other.luma + 1);
  if (gain > largestGain || gain < 1 / largestGain) return false;
  return one.grid.every((cell, i) => Math.abs(cell - (other.grid[i] ?? 0) * gain) <= limits.levels);
}

/** Luma by ITU-R BT.601, 0-255. */
function lumaPlane({ data }: RgbImage): Float32Array {
  const plane = new Float32Array(data.length / 3);
  for (let i = 0, at = 0; i < plane.length; i++, at += 3) {
    plane[i] = 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
  }
  return plane;
}

function spread(plane: Float32Array): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (const value of plane) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / plane.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / plane.length - mean * mean)) };
}

function meanLaplacian(plane: Float32Array, width: number, height: number): number {
  let sum = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * width + 1; at < (y + 1) * width - 1; at++) {
      const around =
        (plane[at - 1] ?? 0) + (plane[at + 1] ?? 0) + (plane[at - width] ?? 0) + (plane[at + width] ?? 0);
      sum += Math.abs((plane[at] ?? 0) - around / 4);
    }
  }
  return sum / Math.max(1, (width - 2) * (height - 2));
}

function gridOf(plane: Float32Array, width: number, height: number): Float32Array {
  const sums = new Float32Array(gridColumns * gridRows);
  const counts = new Float32Array(gridColumns * gridRows);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor((y * gridRows) / height) * gridColumns;
    for (let x = 0; x < width; x++, at++) {
      const cell = row + Math.floor((x * gridColumns) / width);
      sums[cell] = (sums[cell] ?? 0) + (plane[at] ?? 0);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  }
  return sums.map((sum, cell) => sum / Math.max(1, counts[cell] ?? 1));
}

function fnv1a(bytes: Uint8Array): string {
  let hash = 0x811c_9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
