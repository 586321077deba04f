// Matrix products. The right-hand matrix is packed into panels of 8 columns, so that the inner loop reads it
// in one sequential stream; a 4x8 block of the result stays in registers (Goto & van de Geijn 2008).

import { at, zeroFloats } from "./memory.as";

/** Columns of a packed panel. */
export const PANEL: i32 = 8;

/** Floats of a packed `[depth, columns]` matrix, its last panel padded with zeros. */
export function packedFloats(depth: i32, columns: i32): i32 {
  return depth * ((columns + PANEL - 1) & ~(PANEL - 1));
}

/** Packs `source`, `[depth, columns]`. */
export function pack(source: usize, depth: i32, columns: i32, packed: usize): void {
  let out = packed;
  for (let first = 0; first < columns; first += PANEL) {
    const width = min(PANEL, columns - first);
    for (let k = 0; k < depth; k++) {
      const row = at(source, k * columns + first);
      if (width == PANEL) {
        v128.store(out, v128.load(row));
        v128.store(out, v128.load(row, 16), 16);
      } else {
        zeroFloats(out, PANEL);
        for (let j = 0; j < width; j++) store<f32>(at(out, j), load<f32>(at(row, j)));
      }
      out = at(out, PANEL);
    }
  }
}

/** Packs the transpose of `source`, `[columns, depth]`. */
export function packTransposed(source: usize, depth: i32, columns: i32, packed: usize): void {
  for (let first = 0; first < columns; first += PANEL) {
    const width = min(PANEL, columns - first);
    const panel = at(packed, first * depth);
    if (width < PANEL) zeroFloats(panel, depth * PANEL);
    for (let j = 0; j < width; j++) {
      const column = at(source, (first + j) * depth);
      for (let k = 0; k < depth; k++) {
        store<f32>(at(panel, k * PANEL + j), load<f32>(at(column, k)));
      }
    }
  }
}

function storePart(target: usize, low: v128, high: v128, width: i32): void {
  if (width == PANEL) {
    v128.store(target, low);
    v128.store(target, high, 16);
    return;
  }
  let rest = low;
  let done = 0;
  if (width >= 4) {
    v128.store(target, low);
    rest = high;
    done = 4;
  }
  if (width > done) store<f32>(at(target, done), f32x4.extract_lane(rest, 0));
  if (width > done + 1) store<f32>(at(target, done + 1), f32x4.extract_lane(rest, 1));
  if (width > done + 2) store<f32>(at(target, done + 2), f32x4.extract_lane(rest, 2));
}

function fourRows(a: usize, panel: usize, c: usize, depth: i32, columns: i32, width: i32): void {
  const stride = (<usize>depth) << 2;
  let p0 = a;
  let p1 = a + stride;
  let p2 = p1 + stride;
  let p3 = p2 + stride;
  let b = panel;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(p0);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load32_splat(p1);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load32_splat(p2);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load32_splat(p3);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    p0 += 4;
    p1 += 4;
    p2 += 4;
    p3 += 4;
    b += 32;
  }
  storePart(c, c00, c01, width);
  storePart(at(c, columns), c10, c11, width);
  storePart(at(c, 2 * columns), c20, c21, width);
  storePart(at(c, 3 * columns), c30, c31, width);
}

function oneRow(a: usize, panel: usize, c: usize, depth: i32, width: i32): void {
  let low = f32x4.splat(0);
  let high = low;
  let b = panel;
  for (let k = 0; k < depth; k++) {
    const value = v128.load32_splat(at(a, k));
    low = f32x4.add(low, f32x4.mul(value, v128.load(b)));
    high = f32x4.add(high, f32x4.mul(value, v128.load(b, 16)));
    b += 32;
  }
  storePart(c, low, high, width);
}

/** `c = a . b` for `a` `[rows, depth]` and `b` packed from `[depth, columns]`. */
export function multiplyPacked(a: usize, packed: usize, c: usize, rows: i32, depth: i32, columns: i32): void {
  // Rows in blocks that stay in the cache while every panel passes over them.
  for (let first = 0; first < rows; first += 64) {
    const end = min(rows, first + 64);
    for (let column = 0; column < columns; column += PANEL) {
      const width = min(PANEL, columns - column);
      const panel = at(packed, column * depth);
      let row = first;
      for (; row + 4 <= end; row += 4) {
        fourRows(at(a, row * depth), panel, at(c, row * columns + column), depth, columns, width);
      }
      for (; row < end; row++) oneRow(at(a, row * depth), panel, at(c, row * columns + column), depth, width);
    }
  }
}

function addOuter4x8(a: usize, b: usize, c: usize, rows: i32, p: i32, q: i32): void {
  let c00 = v128.load(c);
  let c01 = v128.load(c, 16);
  const row1 = at(c, q);
  let c10 = v128.load(row1);
  let c11 = v128.load(row1, 16);
  const row2 = at(row1, q);
  let c20 = v128.load(row2);
  let c21 = v128.load(row2, 16);
  const row3 = at(row2, q);
  let c30 = v128.load(row3);
  let c31 = v128.load(row3, 16);
  const aStride = (<usize>p) << 2;
  const bStride = (<usize>q) << 2;
  for (let row = 0; row < rows; row++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load32_splat(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    a += aStride;
    b += bStride;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(row1, c10);
  v128.store(row1, c11, 16);
  v128.store(row2, c20);
  v128.store(row2, c21, 16);
  v128.store(row3, c30);
  v128.store(row3, c31, 16);
}

function addOuter1x4(a: usize, b: usize, c: usize, rows: i32, p: i32, q: i32): void {
  let sum = v128.load(c);
  const aStride = (<usize>p) << 2;
  const bStride = (<usize>q) << 2;
  for (let row = 0; row < rows; row++) {
    sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(a), v128.load(b)));
    a += aStride;
    b += bStride;
  }
  v128.store(c, sum);
}

function addOuter1x1(a: usize, b: usize, c: usize, rows: i32, p: i32, q: i32): void {
  let sum = load<f32>(c);
  for (let row = 0; row < rows; row++) sum += load<f32>(at(a, row * p)) * load<f32>(at(b, row * q));
  store<f32>(c, sum);
}

function addOuterRows(a: usize, b: usize, c: usize, rows: i32, p: i32, q: i32): void {
  const q8 = q & ~7;
  let i = 0;
  for (; i + 4 <= p; i += 4) {
    for (let j = 0; j < q8; j += 8) addOuter4x8(at(a, i), at(b, j), at(c, i * q + j), rows, p, q);
  }
  // The strips that the 4x8 blocks leave: the last rows of c over all columns, then the last columns.
  for (let row = 0; row < p; row++) {
    let j = row < i ? q8 : 0;
    for (; j + 4 <= q; j += 4) addOuter1x4(at(a, row), at(b, j), at(c, row * q + j), rows, p, q);
    for (; j < q; j++) addOuter1x1(at(a, row), at(b, j), at(c, row * q + j), rows, p, q);
  }
}

/** `c += transpose(a) . b` for `a` `[rows, p]`, `b` `[rows, q]`, `c` `[p, q]`. */
export function addOuterProducts(a: usize, b: usize, c: usize, rows: i32, p: i32, q: i32): void {
  // Few rows at a time: with a power-of-two stride more would fall on the same cache sets.
  for (let row = 0; row < rows; row += 32) {
    addOuterRows(at(a, row * p), at(b, row * q), c, min(32, rows - row), p, q);
  }
}
