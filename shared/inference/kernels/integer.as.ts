// Convolutions in integers. NHWC; a value is a code less its zero point, in 16 bits, and so is a weight: zeros stay
// zeros, and two products and their sum are one instruction. Sums have 32 bits; a factor for each channel brings them
// to the next grid, rounded to the nearest, ties to even. The loops are those of convolution.as.ts, for its reasons.

/** One convolution, as the plan writes it; addresses and distances in bytes. */
@unmanaged
export class IntegerConvolution {
  operation: i32;
  source: usize;
  target: usize;
  /** Panels of 16 channels: 16 biases (int32), 16 factors (float32), then for each pair of inputs 16 pairs of weights. */
  weights: usize;
  /** A tensor that is added to the rounded sums, or 0. */
  residual: usize;
  rows: i32;
  columns: i32;
  /** A multiple of 16. */
  channels: i32;
  sourceStep: usize;
  sourceRow: usize;
  windowRows: i32;
  /** Pairs of values in a row of a window. */
  windowPairs: i32;
  windowRow: usize;
  targetStep: usize;
  targetRow: usize;
  residualStep: usize;
  residualRow: usize;
  low: f32;
  high: f32;
  /** What a step of the sums' grid, and one of the residual's, is on the target's; bounds of the addition. */
  ownFactor: f32;
  residualFactor: f32;
  totalLow: f32;
  totalHigh: f32;
}

/** Runs a convolution of any window. */
export function integerConvolution(c: IntegerConvolution): void {
  const panelBytes = 128 + ((<usize>(c.windowRows * c.windowPairs)) << 6);
  let weights = c.weights;
  for (let channel = 0; channel < c.channels; channel += 16) {
    panel(c, weights, (<usize>channel) << 1);
    weights += panelBytes;
  }
}

/** All pixels, 2 at a time, for 16 channels; a tile that sticks out repeats the last pixel. */
function panel(c: IntegerConvolution, weights: usize, channel: usize): void {
  const low = f32x4.splat(c.low);
  const high = f32x4.splat(c.high);
  const hasResidual = c.residual != 0;
  const columns = c.columns;
  const pixels = c.rows * columns;
  const windowPairs = c.windowPairs;
  const windowRows = c.windowRows;
  const windowJump = c.windowRow - ((<usize>windowPairs) << 2);
  let y = 0;
  let x = 0;
  let p1 = c.source;
  let q1 = c.target + channel;
  let r1 = c.residual + channel;
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
    w += 128;
    let row = windowRows;
    do {
      let k = windowPairs;
      let s: v128;
      do {
        b0 = v128.load(w);
        b1 = v128.load(w, 16);
        b2 = v128.load(w, 32);
        b3 = v128.load(w, 48);
        w += 64;
        s = v128.load32_splat(p0);
        p0 += 4;
        c00 = addProducts(c00, s, b0);
        c01 = addProducts(c01, s, b1);
        c02 = addProducts(c02, s, b2);
        c03 = addProducts(c03, s, b3);
        s = v128.load32_splat(a1);
        a1 += 4;
        c10 = addProducts(c10, s, b0);
        c11 = addProducts(c11, s, b1);
        c12 = addProducts(c12, s, b2);
        c13 = addProducts(c13, s, b3);
        if (--k == 0) break;
        b0 = v128.load(w);
        b1 = v128.load(w, 16);
        b2 = v128.load(w, 32);
        b3 = v128.load(w, 48);
        w += 64;
        s = v128.load32_splat(p0);
        p0 += 4;
        c00 = addProducts(c00, s, b0);
        c01 = addProducts(c01, s, b1);
        c02 = addProducts(c02, s, b2);
        c03 = addProducts(c03, s, b3);
        s = v128.load32_splat(a1);
        a1 += 4;
        c10 = addProducts(c10, s, b0);
        c11 = addProducts(c11, s, b1);
        c12 = addProducts(c12, s, b2);
        c13 = addProducts(c13, s, b3);
      } while (--k);
      p0 += windowJump;
      a1 += windowJump;
    } while (--row);
    b0 = v128.load(weights, 64);
    b1 = v128.load(weights, 80);
    b2 = v128.load(weights, 96);
    b3 = v128.load(weights, 112);
    c00 = onGrid(c00, b0, low, high);
    c01 = onGrid(c01, b1, low, high);
    c02 = onGrid(c02, b2, low, high);
    c03 = onGrid(c03, b3, low, high);
    c10 = onGrid(c10, b0, low, high);
    c11 = onGrid(c11, b1, low, high);
    c12 = onGrid(c12, b2, low, high);
    c13 = onGrid(c13, b3, low, high);
    if (hasResidual) {
      c00 = total(c, c00, r0);
      c01 = total(c, c01, r0 + 8);
      c02 = total(c, c02, r0 + 16);
      c03 = total(c, c03, r0 + 24);
      c10 = total(c, c10, r1);
      c11 = total(c, c11, r1 + 8);
      c12 = total(c, c12, r1 + 16);
      c13 = total(c, c13, r1 + 24);
    }
    v128.store(q0, i16x8.narrow_i32x4_s(c00, c01));
    v128.store(q0, i16x8.narrow_i32x4_s(c02, c03), 16);
    v128.store(q1, i16x8.narrow_i32x4_s(c10, c11));
    v128.store(q1, i16x8.narrow_i32x4_s(c12, c13), 16);
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

function addProducts(sum: v128, a: v128, b: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** Integers from bounded floats below 2^22: added to 1.5 * 2^23, what they round to stands in the low bits. */
function toIntegers(values: v128, low: v128, high: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(values, low), high);
  return i32x4.sub(f32x4.add(bounded, f32x4.splat(12582912)), i32x4.splat(0x4b400000));
}

/** Sums on their grid. */
function onGrid(sums: v128, factors: v128, low: v128, high: v128): v128 {
  return toIntegers(f32x4.mul(f32x4.convert_i32x4_s(sums), factors), low, high);
}

/** Two tensors added, each of its own grid. @param residual address of 4 integers */
function total(c: IntegerConvolution, own: v128, residual: usize): v128 {
  const a = f32x4.mul(f32x4.convert_i32x4_s(own), f32x4.splat(c.ownFactor));
  const b = f32x4.mul(f32x4.convert_i32x4_s(v128.load_ext<i16>(residual)), f32x4.splat(c.residualFactor));
  return toIntegers(f32x4.add(a, b), f32x4.splat(c.totalLow), f32x4.splat(c.totalHigh));
}

/** One depthwise convolution of 3x3, as the plan writes it; addresses and distances in bytes. */
@unmanaged
export class IntegerDepthwise {
  operation: i32;
  source: usize;
  target: usize;
  /** For every 4 channels: biases (int32), factors (float32), then by column the weights of rows 0 and 1, then of row 2 and 0. */
  weights: usize;
  rows: i32;
  columns: i32;
  /** A multiple of 16. */
  channels: i32;
  sourceStep: usize;
  sourceRow: usize;
  targetStep: usize;
  targetRow: usize;
  strideRows: i32;
  strideColumns: i32;
  low: f32;
  high: f32;
}

/** Runs a depthwise convolution of any stride; a tile that sticks out of a row starts further left. */
export function integerDepthwise(d: IntegerDepthwise): void {
  const step = <usize>d.strideColumns * d.sourceStep;
  const isTiled = d.strideColumns == 1 && d.columns >= 4;
  for (let y = 0; y < d.rows; y++) {
    const source = d.source + <usize>(y * d.strideRows) * d.sourceRow;
    const target = d.target + <usize>y * d.targetRow;
    for (let x = 0; x < d.columns; x += isTiled ? 4 : 1) {
      const left = isTiled ? min(x, d.columns - 4) : x;
      const p = source + <usize>left * step;
      const q = target + <usize>left * d.targetStep;
      if (isTiled) tile(d, p, q);
      else pixel(d, p, q);
    }
  }
}

/** Values of rows 0 and 1 of a window's column, 4 channels, in pairs. */
function rows01(source: usize, row: usize): v128 {
  return v128.shuffle<i16>(
    v128.load64_zero(source),
    v128.load64_zero(source + row),
    0,
    8,
    1,
    9,
    2,
    10,
    3,
    11,
  );
}

/** Values of row 2, widened: a pair is a value and its sign, which meets a weight of 0. */
function row2(source: usize): v128 {
  return v128.load_ext<i16>(source);
}

function store4(target: usize, values: v128): void {
  v128.store64_lane(target, i16x8.narrow_i32x4_s(values, values), 0);
}

/** 4 output pixels next to each other. */
function tile(d: IntegerDepthwise, source: usize, target: usize): void {
  const low = f32x4.splat(d.low);
  const high = f32x4.splat(d.high);
  const step = d.sourceStep;
  const row = d.sourceRow;
  const out = d.targetStep;
  let w = d.weights;
  for (let quads = d.channels >> 2; quads > 0; quads--) {
    let s0 = v128.load(w);
    let s1 = s0,
      s2 = s0,
      s3 = s0;
    let w0 = v128.load(w, 32),
      w1 = v128.load(w, 48),
      w2 = v128.load(w, 64);
    let a = source;
    let v = rows01(a, row);
    s0 = addProducts(s0, v, w0);
    v = rows01((a += step), row);
    s0 = addProducts(s0, v, w1);
    s1 = addProducts(s1, v, w0);
    v = rows01((a += step), row);
    s0 = addProducts(s0, v, w2);
    s1 = addProducts(s1, v, w1);
    s2 = addProducts(s2, v, w0);
    v = rows01((a += step), row);
    s1 = addProducts(s1, v, w2);
    s2 = addProducts(s2, v, w1);
    s3 = addProducts(s3, v, w0);
    v = rows01((a += step), row);
    s2 = addProducts(s2, v, w2);
    s3 = addProducts(s3, v, w1);
    v = rows01(a + step, row);
    s3 = addProducts(s3, v, w2);
    w0 = v128.load(w, 80);
    w1 = v128.load(w, 96);
    w2 = v128.load(w, 112);
    a = source + row + row;
    v = row2(a);
    s0 = addProducts(s0, v, w0);
    v = row2((a += step));
    s0 = addProducts(s0, v, w1);
    s1 = addProducts(s1, v, w0);
    v = row2((a += step));
    s0 = addProducts(s0, v, w2);
    s1 = addProducts(s1, v, w1);
    s2 = addProducts(s2, v, w0);
    v = row2((a += step));
    s1 = addProducts(s1, v, w2);
    s2 = addProducts(s2, v, w1);
    s3 = addProducts(s3, v, w0);
    v = row2((a += step));
    s2 = addProducts(s2, v, w2);
    s3 = addProducts(s3, v, w1);
    v = row2(a + step);
    s3 = addProducts(s3, v, w2);
    const factors = v128.load(w, 16);
    let q = target;
    store4(q, onGrid(s0, factors, low, high));
    store4((q += out), onGrid(s1, factors, low, high));
    store4((q += out), onGrid(s2, factors, low, high));
    store4((q += out), onGrid(s3, factors, low, high));
    source += 8;
    target += 8;
    w += 128;
  }
}

/** One output pixel. */
function pixel(d: IntegerDepthwise, source: usize, target: usize): void {
  const low = f32x4.splat(d.low);
  const high = f32x4.splat(d.high);
  const step = d.sourceStep;
  const row = d.sourceRow;
  let w = d.weights;
  for (let quads = d.channels >> 2; quads > 0; quads--) {
    const b = source + step;
    const c = b + step;
    let s = addProducts(v128.load(w), rows01(source, row), v128.load(w, 32));
    s = addProducts(s, rows01(b, row), v128.load(w, 48));
    s = addProducts(s, rows01(c, row), v128.load(w, 64));
    s = addProducts(s, row2(source + row + row), v128.load(w, 80));
    s = addProducts(s, row2(b + row + row), v128.load(w, 96));
    s = addProducts(s, row2(c + row + row), v128.load(w, 112));
    store4(target, onGrid(s, v128.load(w, 16), low, high));
    source += 8;
    target += 8;
    w += 128;
  }
}
