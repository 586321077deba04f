// Convolution as matrix product: every output pixel is a row, every output channel a column. NHWC, float32.
// A tile's sums live in registers and each is added to once a block: V8 moves all loads of a block before its
// arithmetic, so that a loop unrolled plainly spills (33 instead of 57 GFLOP/s on the machine of the README's table).
// A way out between two turns makes two blocks of them, which saves the moves at the loop's end (12 % in workerd).
import { clamp, multiplyAdd } from "./simd.as";

/** One convolution, as the plan writes it; addresses and distances in bytes. */
@unmanaged
export class Convolution {
  operation: i32;
  /** First value of the first window; the input is padded where the windows leave the image. */
  source: usize;
  /** First value of the first output pixel. */
  target: usize;
  /** Panels of 16 channels, then perhaps one of 8; each is its biases, then a row of weights an input value. */
  weights: usize;
  /** A tensor that is added to the sums, or 0. */
  residual: usize;
  rows: i32;
  columns: i32;
  /** Output channels, a multiple of 8. */
  channels: i32;
  /** From one window to the next, and from a row of windows to the next. */
  sourceStep: usize;
  sourceRow: usize;
  /** Rows of a window, values in one of them, and from one of them to the next. */
  windowRows: i32;
  windowLength: i32;
  windowRow: usize;
  targetStep: usize;
  targetRow: usize;
  residualStep: usize;
  residualRow: usize;
  low: f32;
  high: f32;
}

/** Runs a convolution; a window of one pixel of a single row makes it a product of a matrix and a vector. */
export function convolution(c: Convolution): void {
  const pixels = c.rows * c.columns;
  if (pixels == 1) return singlePixel(c);
  const panelBytes = (<usize>(c.windowRows * c.windowLength + 1)) << 6;
  let weights = c.weights;
  let channel = 0;
  for (; channel + 16 <= c.channels; channel += 16) {
    panel16(c, pixels, weights, (<usize>channel) << 2);
    weights += panelBytes;
  }
  if (channel < c.channels) panel8(c, pixels, weights, (<usize>channel) << 2);
}

/** All pixels, 2 at a time, for 16 channels; a tile that sticks out repeats the last pixel. */
function panel16(c: Convolution, pixels: i32, weights: usize, channel: usize): void {
  const low = f32x4.splat(c.low);
  const high = f32x4.splat(c.high);
  const columns = c.columns;
  const windowLength = c.windowLength;
  const windowRows = c.windowRows;
  const windowJump = c.windowRow - ((<usize>windowLength) << 2);
  let y = 0;
  let x = 0;
  let p1 = c.source;
  let q1 = c.target + channel;
  let r1 = c.residual + channel;
  const hasResidual = c.residual != 0;
  for (let pixel = 0; pixel < pixels; pixel += 2) {
    let p0 = p1;
    const q0 = q1;
    const r0 = r1;
    if (pixel + 1 < pixels) {
      if (++x == columns) {
        x = 0;
        y++;
        p1 = c.source + <usize>y * c.sourceRow;
        q1 = c.target + channel + <usize>y * c.targetRow;
        r1 = c.residual + channel + <usize>y * c.residualRow;
      } else {
        p1 += c.sourceStep;
        q1 += c.targetStep;
        r1 += c.residualStep;
      }
    }
    let a1 = p1;
    let w = weights;
    let b0 = v128.load(w);
    let b1 = v128.load(w, 16);
    let b2 = v128.load(w, 32);
    let b3 = v128.load(w, 48);
    let c00 = b0,
      c01 = b1,
      c02 = b2,
      c03 = b3;
    let c10 = b0,
      c11 = b1,
      c12 = b2,
      c13 = b3;
    w += 64;
    let row = windowRows;
    do {
      let k = windowLength;
      let s: v128;
      do {
        b0 = v128.load(w);
        b1 = v128.load(w, 16);
        b2 = v128.load(w, 32);
        b3 = v128.load(w, 48);
        w += 64;
        s = v128.load32_splat(p0);
        p0 += 4;
        c00 = multiplyAdd(c00, s, b0);
        c01 = multiplyAdd(c01, s, b1);
        c02 = multiplyAdd(c02, s, b2);
        c03 = multiplyAdd(c03, s, b3);
        s = v128.load32_splat(a1);
        a1 += 4;
        c10 = multiplyAdd(c10, s, b0);
        c11 = multiplyAdd(c11, s, b1);
        c12 = multiplyAdd(c12, s, b2);
        c13 = multiplyAdd(c13, s, b3);
        if (--k == 0) break;
        b0 = v128.load(w);
        b1 = v128.load(w, 16);
        b2 = v128.load(w, 32);
        b3 = v128.load(w, 48);
        w += 64;
        s = v128.load32_splat(p0);
        p0 += 4;
        c00 = multiplyAdd(c00, s, b0);
        c01 = multiplyAdd(c01, s, b1);
        c02 = multiplyAdd(c02, s, b2);
        c03 = multiplyAdd(c03, s, b3);
        s = v128.load32_splat(a1);
        a1 += 4;
        c10 = multiplyAdd(c10, s, b0);
        c11 = multiplyAdd(c11, s, b1);
        c12 = multiplyAdd(c12, s, b2);
        c13 = multiplyAdd(c13, s, b3);
      } while (--k);
      p0 += windowJump;
      a1 += windowJump;
    } while (--row);
    if (hasResidual) {
      c00 = f32x4.add(c00, v128.load(r0));
      c01 = f32x4.add(c01, v128.load(r0, 16));
      c02 = f32x4.add(c02, v128.load(r0, 32));
      c03 = f32x4.add(c03, v128.load(r0, 48));
      c10 = f32x4.add(c10, v128.load(r1));
      c11 = f32x4.add(c11, v128.load(r1, 16));
      c12 = f32x4.add(c12, v128.load(r1, 32));
      c13 = f32x4.add(c13, v128.load(r1, 48));
    }
    v128.store(q0, clamp(c00, low, high));
    v128.store(q0, clamp(c01, low, high), 16);
    v128.store(q0, clamp(c02, low, high), 32);
    v128.store(q0, clamp(c03, low, high), 48);
    v128.store(q1, clamp(c10, low, high));
    v128.store(q1, clamp(c11, low, high), 16);
    v128.store(q1, clamp(c12, low, high), 32);
    v128.store(q1, clamp(c13, low, high), 48);
    if (++x == columns) {
      x = 0;
      y++;
      p1 = c.source + <usize>y * c.sourceRow;
      q1 = c.target + channel + <usize>y * c.targetRow;
      r1 = c.residual + channel + <usize>y * c.residualRow;
    } else {
      p1 += c.sourceStep;
      q1 += c.targetStep;
      r1 += c.residualStep;
    }
  }
}

/** Byte distance of a pixel from the first, for steps and rows of some bytes. */
function distance(c: Convolution, pixel: i32, step: usize, row: usize): usize {
  const y = pixel / c.columns;
  return <usize>y * row + <usize>(pixel - y * c.columns) * step;
}

/** The last 8 channels, 4 pixels at a time, for what few layers have them; a tile that sticks out repeats the last pixel. */
function panel8(c: Convolution, pixels: i32, weights: usize, channel: usize): void {
  const low = f32x4.splat(c.low);
  const high = f32x4.splat(c.high);
  const windowLength = c.windowLength;
  const windowJump = c.windowRow - ((<usize>windowLength) << 2);
  const last = pixels - 1;
  for (let pixel = 0; pixel < pixels; pixel += 4) {
    const m1 = min(pixel + 1, last);
    const m2 = min(pixel + 2, last);
    const m3 = min(pixel + 3, last);
    let p0 = c.source + distance(c, pixel, c.sourceStep, c.sourceRow);
    let p1 = c.source + distance(c, m1, c.sourceStep, c.sourceRow);
    let p2 = c.source + distance(c, m2, c.sourceStep, c.sourceRow);
    let p3 = c.source + distance(c, m3, c.sourceStep, c.sourceRow);
    let w = weights;
    let b0 = v128.load(w);
    let b1 = v128.load(w, 16);
    let c00 = b0,
      c01 = b1,
      c10 = b0,
      c11 = b1;
    let c20 = b0,
      c21 = b1,
      c30 = b0,
      c31 = b1;
    w += 32;
    let row = c.windowRows;
    do {
      let k = windowLength;
      let s: v128;
      do {
        b0 = v128.load(w);
        b1 = v128.load(w, 16);
        w += 32;
        s = v128.load32_splat(p0);
        p0 += 4;
        c00 = multiplyAdd(c00, s, b0);
        c01 = multiplyAdd(c01, s, b1);
        s = v128.load32_splat(p1);
        p1 += 4;
        c10 = multiplyAdd(c10, s, b0);
        c11 = multiplyAdd(c11, s, b1);
        s = v128.load32_splat(p2);
        p2 += 4;
        c20 = multiplyAdd(c20, s, b0);
        c21 = multiplyAdd(c21, s, b1);
        s = v128.load32_splat(p3);
        p3 += 4;
        c30 = multiplyAdd(c30, s, b0);
        c31 = multiplyAdd(c31, s, b1);
      } while (--k);
      p0 += windowJump;
      p1 += windowJump;
      p2 += windowJump;
      p3 += windowJump;
    } while (--row);
    store8(c, pixel, channel, c00, c01, low, high);
    store8(c, m1, channel, c10, c11, low, high);
    store8(c, m2, channel, c20, c21, low, high);
    store8(c, m3, channel, c30, c31, low, high);
  }
}

function store8(c: Convolution, pixel: i32, channel: usize, s0: v128, s1: v128, low: v128, high: v128): void {
  const target = c.target + channel + distance(c, pixel, c.targetStep, c.targetRow);
  if (c.residual != 0) {
    const residual = c.residual + channel + distance(c, pixel, c.residualStep, c.residualRow);
    s0 = f32x4.add(s0, v128.load(residual));
    s1 = f32x4.add(s1, v128.load(residual, 16));
  }
  v128.store(target, clamp(s0, low, high));
  v128.store(target, clamp(s1, low, high), 16);
}

/** One output pixel, as a dense layer has. */
function singlePixel(c: Convolution): void {
  const low = f32x4.splat(c.low);
  const high = f32x4.splat(c.high);
  let weights = c.weights;
  let channel = 0;
  for (; channel + 16 <= c.channels; channel += 16) {
    let w = weights;
    let c0 = v128.load(w),
      c1 = v128.load(w, 16),
      c2 = v128.load(w, 32),
      c3 = v128.load(w, 48);
    w += 64;
    let p = c.source;
    for (let row = c.windowRows; row > 0; row--) {
      for (let k = c.windowLength; k > 0; k--) {
        const s = v128.load32_splat(p);
        c0 = multiplyAdd(c0, s, v128.load(w));
        c1 = multiplyAdd(c1, s, v128.load(w, 16));
        c2 = multiplyAdd(c2, s, v128.load(w, 32));
        c3 = multiplyAdd(c3, s, v128.load(w, 48));
        p += 4;
        w += 64;
      }
      p += c.windowRow - ((<usize>c.windowLength) << 2);
    }
    store8(c, 0, (<usize>channel) << 2, c0, c1, low, high);
    store8(c, 0, (<usize>(channel + 8)) << 2, c2, c3, low, high);
    weights = w;
  }
  if (channel < c.channels) panel8(c, 1, weights, (<usize>channel) << 2);
}
