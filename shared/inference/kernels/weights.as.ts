// From weights as a bundle stores them to the order in which the kernels read them; run once a model, at load.

/** How stored values are read. */
const enum Storage {
  float32 = 0,
  float16 = 1,
  /** A byte, whose value a table of 256 has. */
  table = 2,
}

/** The value at `index` of stored values. */
function read(source: usize, storage: i32, table: usize, index: i32): f32 {
  if (storage == Storage.table) return load<f32>(table + ((<usize>load<u8>(source + <usize>index)) << 2));
  if (storage == Storage.float16) return fromFloat16(<u32>load<u16>(source + ((<usize>index) << 1)));
  return load<f32>(source + ((<usize>index) << 2));
}

/** IEEE half to single precision: exact, subnormal and non-finite values too. */
function fromFloat16(bits: u32): f32 {
  const sign = (bits & 0x8000) << 16;
  const magnitude = bits & 0x7fff;
  // the exponent moved in place; the product sets its bias right and makes subnormals normal
  const value = reinterpret<f32>(magnitude << 13) * reinterpret<f32>(0x77800000);
  const pattern = magnitude >= 0x7c00 ? (magnitude << 13) | 0x7f800000 : reinterpret<u32>(value);
  return reinterpret<f32>(sign | pattern);
}

/**
 * Packs the filter of a convolution or dense layer, stored as `[taps, inputs, outputs]`: panels of 16 outputs, the
 * last of 8 where that is enough, each one row of biases and one an input value; what pads is 0.
 * @param paddedInputs values a tap has where the input is stored, at least `inputs`
 * @param scales factors of the outputs, or 0; a value is multiplied after it was read
 */
export function packPanels(
  target: usize,
  source: usize,
  storage: i32,
  table: usize,
  scales: usize,
  bias: usize,
  taps: i32,
  inputs: i32,
  paddedInputs: i32,
  outputs: i32,
  paddedOutputs: i32,
): void {
  for (let channel = 0; channel < paddedOutputs;) {
    const width = paddedOutputs - channel >= 16 ? 16 : 8;
    const used = min(width, outputs - channel);
    memory.fill(target, 0, (<usize>width) << 2);
    for (let j = 0; j < used; j++) {
      store<f32>(target + ((<usize>j) << 2), load<f32>(bias + ((<usize>(channel + j)) << 2)));
    }
    target += (<usize>width) << 2;
    for (let tap = 0; tap < taps; tap++) {
      for (let k = 0; k < paddedInputs; k++) {
        const row = (tap * inputs + k) * outputs + channel;
        if (used < width || k >= inputs) memory.fill(target, 0, (<usize>width) << 2);
        if (k < inputs) {
          for (let j = 0; j < used; j++) {
            let value = read(source, storage, table, row + j);
            if (scales != 0) value *= load<f32>(scales + ((<usize>(channel + j)) << 2));
            store<f32>(target + ((<usize>j) << 2), value);
          }
        }
        target += (<usize>width) << 2;
      }
    }
    channel += width;
  }
}

/** Packs a depthwise filter, stored as `[taps, channels]`: for every 4 channels their biases, then their taps. */
export function packDepthwise(
  target: usize,
  source: usize,
  storage: i32,
  table: usize,
  scales: usize,
  bias: usize,
  taps: i32,
  channels: i32,
  paddedChannels: i32,
): void {
  for (let channel = 0; channel < paddedChannels; channel += 4) {
    for (let tap = -1; tap < taps; tap++) {
      for (let j = channel; j < channel + 4; j++) {
        let value: f32 = 0;
        if (j < channels) {
          if (tap < 0) value = load<f32>(bias + ((<usize>j) << 2));
          else {
            value = read(source, storage, table, tap * channels + j);
            if (scales != 0) value *= load<f32>(scales + ((<usize>j) << 2));
          }
        }
        store<f32>(target, value);
        target += 4;
      }
    }
  }
}

/** Unpacks a vector, zeros after its end up to `padded`. */
export function packVector(
  target: usize,
  source: usize,
  storage: i32,
  table: usize,
  scales: usize,
  length: i32,
  padded: i32,
): void {
  for (let i = 0; i < padded; i++) {
    let value: f32 = 0;
    if (i < length) {
      value = read(source, storage, table, i);
      if (scales != 0) value *= load<f32>(scales + ((<usize>i) << 2));
    }
    store<f32>(target + ((<usize>i) << 2), value);
  }
}

/** Whether `count` values, a multiple of 4, are all finite. */
export function allFinite(values: usize, count: i32): bool {
  let sum = f32x4.splat(0);
  for (const end = values + ((<usize>count) << 2); values < end; values += 16) {
    // 0 for what is finite, else no number
    sum = f32x4.add(sum, f32x4.mul(v128.load(values), f32x4.splat(0)));
  }
  return !v128.any_true(f32x4.ne(sum, f32x4.splat(0)));
}
