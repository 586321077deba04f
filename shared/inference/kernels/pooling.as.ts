// Means and maxima over windows. NHWC, float32.
import { clamp } from "./simd.as";

/** One pooling, as the plan writes it; addresses and distances in bytes. */
@unmanaged
export class Pooling {
  operation: i32;
  /** The first pixel of the image; windows that leave it are cut. */
  source: usize;
  target: usize;
  sourceRows: i32;
  sourceColumns: i32;
  rows: i32;
  columns: i32;
  /** A multiple of 4. */
  channels: i32;
  sourceStep: usize;
  sourceRow: usize;
  targetStep: usize;
  targetRow: usize;
  windowRows: i32;
  windowColumns: i32;
  strideRows: i32;
  strideColumns: i32;
  /** By how much the first window begins above and left of the image. */
  top: i32;
  left: i32;
  isMaximum: i32;
}

/** The largest value, or the mean, of the part of each window that lies in the image. */
export function pool(p: Pooling): void {
  for (let y = 0; y < p.rows; y++) {
    const y0 = y * p.strideRows - p.top;
    const top = max(y0, 0);
    const bottom = min(y0 + p.windowRows, p.sourceRows);
    for (let x = 0; x < p.columns; x++) {
      const x0 = x * p.strideColumns - p.left;
      const left = max(x0, 0);
      const right = min(x0 + p.windowColumns, p.sourceColumns);
      const source = p.source + <usize>top * p.sourceRow + <usize>left * p.sourceStep;
      const target = p.target + <usize>y * p.targetRow + <usize>x * p.targetStep;
      if (p.isMaximum) maximum(p, source, target, bottom - top, right - left);
      else mean(p, source, target, bottom - top, right - left);
    }
  }
}

function maximum(p: Pooling, source: usize, target: usize, rows: i32, columns: i32): void {
  for (let quads = p.channels >> 2; quads > 0; quads--) {
    let largest = v128.load(source);
    let a = source;
    for (let y = rows; y > 0; y--) {
      let b = a;
      for (let x = columns; x > 0; x--) {
        largest = f32x4.pmax(largest, v128.load(b));
        b += p.sourceStep;
      }
      a += p.sourceRow;
    }
    v128.store(target, largest);
    source += 16;
    target += 16;
  }
}

function mean(p: Pooling, source: usize, target: usize, rows: i32, columns: i32): void {
  const count = f32x4.splat(<f32>(rows * columns));
  for (let quads = p.channels >> 2; quads > 0; quads--) {
    let sum = f32x4.splat(0);
    let a = source;
    for (let y = rows; y > 0; y--) {
      let b = a;
      for (let x = columns; x > 0; x--) {
        sum = f32x4.add(sum, v128.load(b));
        b += p.sourceStep;
      }
      a += p.sourceRow;
    }
    v128.store(target, f32x4.div(sum, count));
    source += 16;
    target += 16;
  }
}

/** One operation on values of two tensors of one image size, as the plan writes it. */
@unmanaged
export class Elementwise {
  operation: i32;
  left: usize;
  /** Of the same pixels, or of one pixel that goes with each: then its distances are 0. */
  right: usize;
  target: usize;
  rows: i32;
  columns: i32;
  /** A multiple of 4. */
  channels: i32;
  leftStep: usize;
  leftRow: usize;
  rightStep: usize;
  rightRow: usize;
  targetStep: usize;
  targetRow: usize;
  /** 0 adds, 1 multiplies, 2 takes `left` alone. */
  kind: i32;
  low: f32;
  high: f32;
}

/** Adds, multiplies or copies, then bounds. */
export function elementwise(e: Elementwise): void {
  const low = f32x4.splat(e.low);
  const high = f32x4.splat(e.high);
  for (let y = 0; y < e.rows; y++) {
    for (let x = 0; x < e.columns; x++) {
      let a = e.left + <usize>y * e.leftRow + <usize>x * e.leftStep;
      let b = e.right + <usize>y * e.rightRow + <usize>x * e.rightStep;
      let q = e.target + <usize>y * e.targetRow + <usize>x * e.targetStep;
      for (let quads = e.channels >> 2; quads > 0; quads--) {
        let value = v128.load(a);
        if (e.kind == 0) value = f32x4.add(value, v128.load(b));
        else if (e.kind == 1) value = f32x4.mul(value, v128.load(b));
        v128.store(q, clamp(value, low, high));
        a += 16;
        b += 16;
        q += 16;
      }
    }
  }
}
