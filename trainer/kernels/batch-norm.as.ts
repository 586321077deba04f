// Batch normalization of [rows, channels] in training mode, alone or with the ReLU that follows it, forward and
// backward in two passes each (Ioffe & Szegedy 2015). Sums run over blocks of rows first, which keeps float32 exact
// enough: without blocks the error grows with the number of rows.

import { at, zeroFloats } from "./memory.as";

const BLOCK: i32 = 128;

/** Floats of scratch that the two kernels below need. */
export function batchNormScratchFloats(channels: i32): i32 {
  return 4 * channels;
}

function addVectors(target: usize, value: v128): void {
  v128.store(target, f32x4.add(v128.load(target), value));
}

function addFloat(target: usize, value: f32): void {
  store<f32>(target, load<f32>(target) + value);
}

// sums[c] += the sum over all rows of x[row, c]
function sumColumns(x: usize, sums: usize, rows: i32, channels: i32): void {
  const vectored = channels & ~3;
  const step = (<usize>channels) << 2;
  for (let first = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    let c = 0;
    for (; c < vectored; c += 4) {
      let p = at(x, first * channels + c);
      let sum = f32x4.splat(0);
      for (let row = 0; row < count; row++) {
        sum = f32x4.add(sum, v128.load(p));
        p += step;
      }
      addVectors(at(sums, c), sum);
    }
    for (; c < channels; c++) {
      let sum: f32 = 0;
      for (let row = 0; row < count; row++) sum += load<f32>(at(x, (first + row) * channels + c));
      addFloat(at(sums, c), sum);
    }
  }
}

// sums[c] += the sum over all rows of (x[row, c] - mean[c])^2
function sumSquares(x: usize, mean: usize, sums: usize, rows: i32, channels: i32): void {
  const vectored = channels & ~3;
  const step = (<usize>channels) << 2;
  for (let first = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    let c = 0;
    for (; c < vectored; c += 4) {
      let p = at(x, first * channels + c);
      const centre = v128.load(at(mean, c));
      let sum = f32x4.splat(0);
      for (let row = 0; row < count; row++) {
        const distance = f32x4.sub(v128.load(p), centre);
        sum = f32x4.add(sum, f32x4.mul(distance, distance));
        p += step;
      }
      addVectors(at(sums, c), sum);
    }
    for (; c < channels; c++) {
      let sum: f32 = 0;
      for (let row = 0; row < count; row++) {
        const distance = load<f32>(at(x, (first + row) * channels + c)) - load<f32>(at(mean, c));
        sum += distance * distance;
      }
      addFloat(at(sums, c), sum);
    }
  }
}

function scaleFloats(target: usize, factor: f32, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(at(target, i), load<f32>(at(target, i)) * factor);
}

/**
 * `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, with negative values set to zero where `relu` is 1.
 * Writes the batch's mean and (biased) variance, `[channels]` each.
 */
export function batchNormForward(
  x: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  mean: usize,
  variance: usize,
  scratch: usize,
  rows: i32,
  channels: i32,
  epsilon: f32,
  relu: i32,
): void {
  const inverse: f32 = 1 / <f32>rows;
  zeroFloats(mean, channels);
  sumColumns(x, mean, rows, channels);
  scaleFloats(mean, inverse, channels);
  zeroFloats(variance, channels);
  sumSquares(x, mean, variance, rows, channels);
  scaleFloats(variance, inverse, channels);

  const scale = scratch;
  const shift = at(scratch, channels);
  for (let c = 0; c < channels; c++) {
    const factor = load<f32>(at(gamma, c)) / sqrt<f32>(load<f32>(at(variance, c)) + epsilon);
    store<f32>(at(scale, c), factor);
    store<f32>(at(shift, c), load<f32>(at(beta, c)) - factor * load<f32>(at(mean, c)));
  }
  const floor: f32 = relu ? 0 : -f32.MAX_VALUE;
  const floors = f32x4.splat(floor);
  const vectored = channels & ~3;
  for (let row = 0; row < rows; row++) {
    const from = at(x, row * channels);
    const to = at(y, row * channels);
    let c = 0;
    for (; c < vectored; c += 4) {
      const value = f32x4.mul(v128.load(at(from, c)), v128.load(at(scale, c)));
      v128.store(at(to, c), f32x4.pmax(f32x4.add(value, v128.load(at(shift, c))), floors));
    }
    for (; c < channels; c++) {
      const value = load<f32>(at(from, c)) * load<f32>(at(scale, c)) + load<f32>(at(shift, c));
      store<f32>(at(to, c), value < floor ? floor : value);
    }
  }
}

// dBeta[c] += sum of dy, dGamma[c] += sum of dy * (x - mean), over rows where y is positive or relu is 0
function sumGradients(
  x: usize,
  y: usize,
  dy: usize,
  mean: usize,
  dGamma: usize,
  dBeta: usize,
  rows: i32,
  channels: i32,
  floors: v128,
): void {
  const vectored = channels & ~3;
  const step = (<usize>channels) << 2;
  const floor = f32x4.extract_lane(floors, 0);
  for (let first = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    let c = 0;
    for (; c < vectored; c += 4) {
      let p = <usize>((first * channels + c) << 2);
      const centre = v128.load(at(mean, c));
      let sum = f32x4.splat(0);
      let weighted = f32x4.splat(0);
      for (let row = 0; row < count; row++) {
        const d = v128.and(v128.load(dy + p), f32x4.gt(v128.load(y + p), floors));
        sum = f32x4.add(sum, d);
        weighted = f32x4.add(weighted, f32x4.mul(d, f32x4.sub(v128.load(x + p), centre)));
        p += step;
      }
      addVectors(at(dBeta, c), sum);
      addVectors(at(dGamma, c), weighted);
    }
    for (; c < channels; c++) {
      let sum: f32 = 0;
      let weighted: f32 = 0;
      for (let row = 0; row < count; row++) {
        const i = (first + row) * channels + c;
        const d = load<f32>(at(y, i)) > floor ? load<f32>(at(dy, i)) : 0;
        sum += d;
        weighted += d * (load<f32>(at(x, i)) - load<f32>(at(mean, c)));
      }
      addFloat(at(dBeta, c), sum);
      addFloat(at(dGamma, c), weighted);
    }
  }
}

/** The gradients of the loss by `x`, `gamma` and `beta`, from that by `y`, the output of `batchNormForward`. */
export function batchNormBackward(
  x: usize,
  y: usize,
  dy: usize,
  gamma: usize,
  mean: usize,
  variance: usize,
  dx: usize,
  dGamma: usize,
  dBeta: usize,
  scratch: usize,
  rows: i32,
  channels: i32,
  epsilon: f32,
  relu: i32,
): void {
  const floor: f32 = relu ? 0 : -f32.MAX_VALUE;
  const floors = f32x4.splat(floor);
  zeroFloats(dGamma, channels);
  zeroFloats(dBeta, channels);
  sumGradients(x, y, dy, mean, dGamma, dBeta, rows, channels, floors);

  // dx = dy * byGradient + x * byValue + constant, one triple a channel
  const byGradient = scratch;
  const byValue = at(scratch, channels);
  const constant = at(scratch, 2 * channels);
  const inverse: f32 = 1 / <f32>rows;
  for (let c = 0; c < channels; c++) {
    const inverseDeviation: f32 = 1 / sqrt<f32>(load<f32>(at(variance, c)) + epsilon);
    const gammaGradient = load<f32>(at(dGamma, c)) * inverseDeviation;
    store<f32>(at(dGamma, c), gammaGradient);
    const factor = load<f32>(at(gamma, c)) * inverseDeviation;
    const slope = -factor * inverseDeviation * gammaGradient * inverse;
    store<f32>(at(byGradient, c), factor);
    store<f32>(at(byValue, c), slope);
    store<f32>(at(constant, c), -factor * load<f32>(at(dBeta, c)) * inverse - slope * load<f32>(at(mean, c)));
  }
  const vectored = channels & ~3;
  for (let row = 0; row < rows; row++) {
    const base = row * channels;
    let c = 0;
    for (; c < vectored; c += 4) {
      const i = base + c;
      const d = v128.and(v128.load(at(dy, i)), f32x4.gt(v128.load(at(y, i)), floors));
      const fromGradient = f32x4.mul(d, v128.load(at(byGradient, c)));
      const fromValue = f32x4.mul(v128.load(at(x, i)), v128.load(at(byValue, c)));
      v128.store(at(dx, i), f32x4.add(f32x4.add(fromGradient, fromValue), v128.load(at(constant, c))));
    }
    for (; c < channels; c++) {
      const i = base + c;
      const d = load<f32>(at(y, i)) > floor ? load<f32>(at(dy, i)) : 0;
      const value = d * load<f32>(at(byGradient, c)) + load<f32>(at(x, i)) * load<f32>(at(byValue, c));
      store<f32>(at(dx, i), value + load<f32>(at(constant, c)));
    }
  }
}
