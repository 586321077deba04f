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

/** `width` values, a multiple of 4, from `source` on. */
function unpackRow(target: usize, source: usize, storage: i32, table: usize, index: i32, width: i32): void {
  if (storage == Storage.table) {
    let byte = source + <usize>index;
    for (const end = target + ((<usize>width) << 2); target < end; target += 4) {
      store<f32>(target, load<f32>(table + ((<usize>load<u8>(byte)) << 2)));
      byte++;
    }
  } else if (storage == Storage.float32) {
    let values = source + ((<usize>index) << 2);
    for (const end = target + ((<usize>width) << 2); target < end; target += 16) {
      v128.store(target, v128.load(values));
      values += 16;
    }
  } else {
    let half = source + ((<usize>index) << 1);
    for (const end = target + ((<usize>width) << 2); target < end; target += 4) {
      store<f32>(target, fromFloat16(<u32>load<u16>(half)));
      half += 2;
    }
  }
}

/**
 * Packs one panel of a convolution or dense layer, whose filter is stored as `[taps, inputs, outputs]`: a row of
 * biases and one an input value, each of `width` outputs from `channel` on; what pads is 0. One panel a call, so
 * that V8 can change to optimised code within a layer.
 * @param paddedInputs values a tap has where the input is stored, at least `inputs`
 * @param scales factors of the outputs, or 0; a value is multiplied after it was read
 */
export function packPanel(
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
  channel: i32,
  width: i32,
): void {
  const rowBytes = (<usize>width) << 2;
  const used = min(width, outputs - channel);
  memory.fill(target, 0, rowBytes);
  memory.copy(target, bias + ((<usize>channel) << 2), (<usize>used) << 2);
  target += rowBytes;
  for (let tap = 0; tap < taps; tap++) {
    for (let k = 0; k < inputs; k++) {
      const row = (tap * inputs + k) * outputs + channel;
      if (used == width) unpackRow(target, source, storage, table, row, width);
      else {
        for (let j = 0; j < width; j++) {
          const value: f32 = j < used ? read(source, storage, table, row + j) : 0;
          store<f32>(target + ((<usize>j) << 2), value);
        }
      }
      if (scales != 0) {
        for (let j = 0; j < used; j++) {
          const at = target + ((<usize>j) << 2);
          store<f32>(at, load<f32>(at) * load<f32>(scales + ((<usize>(channel + j)) << 2)));
        }
      }
      target += rowBytes;
    }
    const padding = <usize>(paddedInputs - inputs) * rowBytes;
    memory.fill(target, 0, padding);
    target += padding;
  }
}

/** The 256 values of a byte, `byte * scale + min`: in float64 and rounded once, as JavaScript has it. */
export function fillTable(table: usize, scale: f64, min: f64): void {
  for (let byte = 0; byte < 256; byte++) {
    store<f32>(table, <f32>(<f64>byte * scale + min));
    table += 4;
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
