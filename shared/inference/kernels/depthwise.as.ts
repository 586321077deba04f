// Depthwise convolution, one filter a channel. NHWC, float32; four output pixels of a row at a time.
// One row of the window a loop turn, for the reason that convolution.as.ts gives: 6 values, 3 weights and 4 sums
// are what the registers hold.
import { clamp, multiplyAdd } from "./simd.as";

/** One depthwise convolution, as the plan writes it; addresses and distances in bytes. */
@unmanaged
export class Depthwise {
  operation: i32;
  /** First value of the first window; the input is padded where the windows leave the image. */
  source: usize;
  target: usize;
  /** For every 4 channels their biases, then their weights by row and column of the window. */
  weights: usize;
  rows: i32;
  columns: i32;
  /** A multiple of 4. */
  channels: i32;
  /** From one input pixel to the next, from one input row to the next. */
  sourceStep: usize;
  sourceRow: usize;
  targetStep: usize;
  targetRow: usize;
  windowRows: i32;
  windowColumns: i32;
  strideRows: i32;
  strideColumns: i32;
  low: f32;
  high: f32;
}

/** Runs a depthwise convolution of any window and stride; a tile that sticks out of a row starts further left. */
export function depthwise(d: Depthwise): void {
  const isSquare3 = d.windowRows == 3 && d.windowColumns == 3;
  const step = <usize>d.strideColumns * d.sourceStep;
  for (let y = 0; y < d.rows; y++) {
    const source = d.source + <usize>(y * d.strideRows) * d.sourceRow;
    const target = d.target + <usize>y * d.targetRow;
    for (let x = 0; x < d.columns; x += 4) {
      const left = max(0, min(x, d.columns - 4));
      const p = source + <usize>left * step;
      const q = target + <usize>left * d.targetStep;
      if (isSquare3 && d.columns >= 4 && d.strideColumns == 1) tile3(d, p, q);
      else if (isSquare3 && d.columns >= 4 && d.strideColumns == 2) tile3stride2(d, p, q);
      else tile(d, p, q, min(4, d.columns));
    }
  }
}

function tile3(d: Depthwise, source: usize, target: usize): void {
  const low = f32x4.splat(d.low);
  const high = f32x4.splat(d.high);
  const step = d.sourceStep;
  const row = d.sourceRow;
  const out = d.targetStep;
  let w = d.weights;
  let quads = d.channels >> 2;
  do {
    let s0 = v128.load(w);
    let s1 = s0,
      s2 = s0,
      s3 = s0;
    w += 16;
    let p = source;
    let k = 3;
    do {
      let a = p;
      const x0 = v128.load(a);
      a += step;
      const x1 = v128.load(a);
      a += step;
      const x2 = v128.load(a);
      a += step;
      const x3 = v128.load(a);
      a += step;
      const x4 = v128.load(a);
      a += step;
      const x5 = v128.load(a);
      const w0 = v128.load(w),
        w1 = v128.load(w, 16),
        w2 = v128.load(w, 32);
      s0 = multiplyAdd(multiplyAdd(multiplyAdd(s0, x0, w0), x1, w1), x2, w2);
      s1 = multiplyAdd(multiplyAdd(multiplyAdd(s1, x1, w0), x2, w1), x3, w2);
      s2 = multiplyAdd(multiplyAdd(multiplyAdd(s2, x2, w0), x3, w1), x4, w2);
      s3 = multiplyAdd(multiplyAdd(multiplyAdd(s3, x3, w0), x4, w1), x5, w2);
      w += 48;
      p += row;
    } while (--k);
    let q = target;
    v128.store(q, clamp(s0, low, high));
    q += out;
    v128.store(q, clamp(s1, low, high));
    q += out;
    v128.store(q, clamp(s2, low, high));
    q += out;
    v128.store(q, clamp(s3, low, high));
    source += 16;
    target += 16;
  } while (--quads);
}

function tile3stride2(d: Depthwise, source: usize, target: usize): void {
  const low = f32x4.splat(d.low);
  const high = f32x4.splat(d.high);
  const step = d.sourceStep;
  const row = d.sourceRow;
  const out = d.targetStep;
  let w = d.weights;
  let quads = d.channels >> 2;
  do {
    let s0 = v128.load(w);
    let s1 = s0,
      s2 = s0,
      s3 = s0;
    w += 16;
    let p = source;
    let k = 3;
    do {
      let a = p;
      const x0 = v128.load(a);
      a += step;
      const x1 = v128.load(a);
      a += step;
      const x2 = v128.load(a);
      a += step;
      const x3 = v128.load(a);
      a += step;
      const x4 = v128.load(a);
      a += step;
      const x5 = v128.load(a);
      a += step;
      const x6 = v128.load(a);
      a += step;
      const x7 = v128.load(a);
      a += step;
      const x8 = v128.load(a);
      const w0 = v128.load(w),
        w1 = v128.load(w, 16),
        w2 = v128.load(w, 32);
      s0 = multiplyAdd(multiplyAdd(multiplyAdd(s0, x0, w0), x1, w1), x2, w2);
      s1 = multiplyAdd(multiplyAdd(multiplyAdd(s1, x2, w0), x3, w1), x4, w2);
      s2 = multiplyAdd(multiplyAdd(multiplyAdd(s2, x4, w0), x5, w1), x6, w2);
      s3 = multiplyAdd(multiplyAdd(multiplyAdd(s3, x6, w0), x7, w1), x8, w2);
      w += 48;
      p += row;
    } while (--k);
    let q = target;
    v128.store(q, clamp(s0, low, high));
    q += out;
    v128.store(q, clamp(s1, low, high));
    q += out;
    v128.store(q, clamp(s2, low, high));
    q += out;
    v128.store(q, clamp(s3, low, high));
    source += 16;
    target += 16;
  } while (--quads);
}

/** Up to 4 output pixels of any window and stride: one weight a loop turn. */
function tile(d: Depthwise, source: usize, target: usize, pixels: i32): void {
  const low = f32x4.splat(d.low);
  const high = f32x4.splat(d.high);
  const step = d.sourceStep;
  const stride = <usize>d.strideColumns * step;
  const to1 = pixels > 1 ? stride : 0;
  const to2 = pixels > 2 ? stride : 0;
  const to3 = pixels > 3 ? stride : 0;
  const out = d.targetStep;
  let w = d.weights;
  for (let quads = d.channels >> 2; quads > 0; quads--) {
    let s0 = v128.load(w);
    let s1 = s0,
      s2 = s0,
      s3 = s0;
    w += 16;
    let p = source;
    let ky = d.windowRows;
    do {
      let p0 = p;
      let kx = d.windowColumns;
      do {
        const weight = v128.load(w);
        let a = p0;
        s0 = multiplyAdd(s0, v128.load(a), weight);
        a += to1;
        s1 = multiplyAdd(s1, v128.load(a), weight);
        a += to2;
        s2 = multiplyAdd(s2, v128.load(a), weight);
        a += to3;
        s3 = multiplyAdd(s3, v128.load(a), weight);
        w += 16;
        p0 += step;
      } while (--kx);
      p += d.sourceRow;
    } while (--ky);
    let q = target;
    v128.store(q, clamp(s0, low, high));
    if (pixels > 1) {
      q += out;
      v128.store(q, clamp(s1, low, high));
    }
    if (pixels > 2) {
      q += out;
      v128.store(q, clamp(s2, low, high));
    }
    if (pixels > 3) {
      q += out;
      v128.store(q, clamp(s3, low, high));
    }
    source += 16;
    target += 16;
  }
}
