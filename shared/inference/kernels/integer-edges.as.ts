// Where a net in integers begins and ends: the image on its grid, the mean in float32; and the packing of its weights.

/** One input image, as the plan writes it; addresses and distances in bytes. */
@unmanaged
export class IntegerImage {
  operation: i32;
  /** `[rows, columns, 3]`, bytes or normalised float32, without gaps. */
  source: usize;
  /** The first pixel inside the padding: 4 values a pixel, the last of which no weight reads. */
  target: usize;
  rows: i32;
  columns: i32;
  targetRow: usize;
  /** The byte that means 0. */
  zero: i32;
  /** Steps of the grid in 1, or 0 where the source is bytes. */
  steps: f32;
}

/** Puts an image on its grid. */
export function integerImage(i: IntegerImage): void {
  let source = i.source;
  for (let y = 0; y < i.rows; y++) {
    const target = i.target + <usize>y * i.targetRow;
    if (i.steps == 0) {
      bytesRow(source, target, i.columns, i.zero);
      source += <usize>(3 * i.columns);
    } else {
      valuesRow(source, target, i.columns, i.steps);
      source += <usize>(12 * i.columns);
    }
  }
}

function bytesRow(source: usize, target: usize, columns: i32, zero: i32): void {
  for (let x = columns; x > 0; x--) {
    store<i16>(target, <i16>(<i32>load<u8>(source) - zero));
    store<i16>(target, <i16>(<i32>load<u8>(source, 1) - zero), 2);
    store<i16>(target, <i16>(<i32>load<u8>(source, 2) - zero), 4);
    source += 3;
    target += 8;
  }
}

function valuesRow(source: usize, target: usize, columns: i32, steps: f32): void {
  for (let x = columns; x > 0; x--) {
    store<i16>(target, <i16>(<i32>nearest(load<f32>(source) * steps)));
    store<i16>(target, <i16>(<i32>nearest(load<f32>(source, 4) * steps)), 2);
    store<i16>(target, <i16>(<i32>nearest(load<f32>(source, 8) * steps)), 4);
    source += 12;
    target += 8;
  }
}

/** A mean over all pixels, from the grid to float32. */
@unmanaged
export class IntegerMean {
  operation: i32;
  source: usize;
  target: usize;
  rows: i32;
  columns: i32;
  /** A multiple of 4. */
  channels: i32;
  sourceStep: usize;
  sourceRow: usize;
  /** The grid's step divided by the pixels. */
  factor: f32;
}

/** Runs a mean. */
export function integerMean(m: IntegerMean): void {
  const factor = f32x4.splat(m.factor);
  let source = m.source;
  let target = m.target;
  for (let quads = m.channels >> 2; quads > 0; quads--) {
    let sum = i32x4.splat(0);
    for (let y = 0; y < m.rows; y++) {
      let a = source + <usize>y * m.sourceRow;
      for (let x = m.columns; x > 0; x--) {
        sum = i32x4.add(sum, v128.load_ext<i16>(a));
        a += m.sourceStep;
      }
    }
    v128.store(target, f32x4.mul(f32x4.convert_i32x4_s(sum), factor));
    source += 8;
    target += 16;
  }
}

/**
 * Packs one panel of 16 channels of a filter that is stored as bytes, `[taps, inputs, outputs]`; what pads is 0. Biases
 * and factors, in its first 128 bytes, are not written.
 * @param zero the byte that means 0
 * @param paddedInputs even
 */
export function packIntegerPanel(
  target: usize,
  source: usize,
  zero: i32,
  taps: i32,
  inputs: i32,
  paddedInputs: i32,
  outputs: i32,
  channel: i32,
): void {
  memory.fill(target + 128, 0, (<usize>(taps * paddedInputs)) << 5);
  const used = min(16, outputs - channel);
  for (let tap = 0; tap < taps; tap++) {
    const bytes = source + <usize>(tap * inputs * outputs + channel);
    // the row of the tap's first pair
    const rows = target + 128 + ((<usize>(tap * paddedInputs)) << 5);
    for (let k = 0; k < inputs; k++) {
      const row = rows + ((<usize>(k >> 1)) << 6);
      const values = bytes + <usize>(k * outputs);
      if (used == 16 && k + 1 < inputs) {
        packPairs(row, values, values + <usize>outputs, zero);
        k++;
      } else {
        const place = row + ((<usize>(k & 1)) << 1);
        for (let j = 0; j < used; j++) {
          store<i16>(place + ((<usize>j) << 2), <i16>(<i32>load<u8>(values + <usize>j) - zero));
        }
      }
    }
  }
}

/** Weights of 16 channels for two inputs, side by side. */
function packPairs(row: usize, first: usize, second: usize, zero: i32): void {
  const zeros = i16x8.splat(<i16>zero);
  const a = v128.load(first);
  const b = v128.load(second);
  let left = i16x8.sub(i16x8.extend_low_i8x16_u(a), zeros);
  let right = i16x8.sub(i16x8.extend_low_i8x16_u(b), zeros);
  v128.store(row, v128.shuffle<i16>(left, right, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(row, v128.shuffle<i16>(left, right, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  left = i16x8.sub(i16x8.extend_high_i8x16_u(a), zeros);
  right = i16x8.sub(i16x8.extend_high_i8x16_u(b), zeros);
  v128.store(row, v128.shuffle<i16>(left, right, 0, 8, 1, 9, 2, 10, 3, 11), 32);
  v128.store(row, v128.shuffle<i16>(left, right, 4, 12, 5, 13, 6, 14, 7, 15), 48);
}

/** Packs a 3x3 depthwise filter that is stored as bytes, `[9, channels]`; biases and factors are not written. */
export function packIntegerDepthwise(
  target: usize,
  source: usize,
  zero: i32,
  channels: i32,
  paddedChannels: i32,
): void {
  for (let channel = 0; channel < paddedChannels; channel++) {
    const lane = target + 32 + ((<usize>(channel >> 2)) << 7) + ((<usize>(channel & 3)) << 2);
    for (let column = 0; column < 3; column++) {
      const at = lane + ((<usize>column) << 4);
      for (let row = 0; row < 4; row++) {
        const isWeight = row < 3 && channel < channels;
        const code = isWeight
          ? <i32>load<u8>(source + <usize>((3 * row + column) * channels + channel)) - zero
          : 0;
        // rows 0 and 1 in one vector, row 2 and a zero three vectors on
        store<i16>(at + <usize>(row >> 1) * 48 + ((<usize>(row & 1)) << 1), <i16>code);
      }
    }
  }
}
