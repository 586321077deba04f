// Depthwise convolution with one filter a channel, and its two gradients. Four channels a vector; the three columns
// of the usual 3-wide kernel share their loads.

import { at, zeroFloats } from "./memory.as";

/** `y = depthwiseConv2d(x, filter)`, filter `[kernelHeight, kernelWidth, channels, 1]`. */
export function depthwiseForward(
  x: usize,
  filter: usize,
  y: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  const vectored = channels & ~3;
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outHeight; oh++) {
      const top = oh * strideHeight - padTop;
      const fromRow = max(0, -top);
      const toRow = min(kernelHeight, height - top);
      for (let ow = 0; ow < outWidth; ow++) {
        const left = ow * strideWidth - padLeft;
        const from = max(0, -left);
        const to = min(kernelWidth, width - left);
        const out = at(y, ((n * outHeight + oh) * outWidth + ow) * channels);
        const corner = at(x, ((n * height + top) * width + left) * channels);
        let c = 0;
        for (; c < vectored; c += 4) {
          let sum = f32x4.splat(0);
          for (let kh = fromRow; kh < toRow; kh++) {
            const line = at(corner, kh * width * channels + c);
            const weights = at(filter, kh * kernelWidth * channels + c);
            if (from == 0 && to == 3) {
              sum = f32x4.add(sum, f32x4.mul(v128.load(line), v128.load(weights)));
              sum = f32x4.add(
                sum,
                f32x4.mul(v128.load(at(line, channels)), v128.load(at(weights, channels))),
              );
              sum = f32x4.add(
                sum,
                f32x4.mul(v128.load(at(line, 2 * channels)), v128.load(at(weights, 2 * channels))),
              );
            } else {
              for (let kw = from; kw < to; kw++) {
                sum = f32x4.add(
                  sum,
                  f32x4.mul(v128.load(at(line, kw * channels)), v128.load(at(weights, kw * channels))),
                );
              }
            }
          }
          v128.store(at(out, c), sum);
        }
        for (; c < channels; c++) {
          let sum: f32 = 0;
          for (let kh = fromRow; kh < toRow; kh++) {
            for (let kw = from; kw < to; kw++) {
              sum +=
                load<f32>(at(corner, (kh * width + kw) * channels + c)) *
                load<f32>(at(filter, (kh * kernelWidth + kw) * channels + c));
            }
          }
          store<f32>(at(out, c), sum);
        }
      }
    }
  }
}

function addScaledRows(target: usize, source: usize, weights: usize, channels: i32): void {
  const vectored = channels & ~3;
  let c = 0;
  for (; c < vectored; c += 4) {
    const product = f32x4.mul(v128.load(at(source, c)), v128.load(at(weights, c)));
    v128.store(at(target, c), f32x4.add(v128.load(at(target, c)), product));
  }
  for (; c < channels; c++) {
    store<f32>(
      at(target, c),
      load<f32>(at(target, c)) + load<f32>(at(source, c)) * load<f32>(at(weights, c)),
    );
  }
}

/** The gradient of the loss by `x`, from that by `y`. */
export function depthwiseInputGradient(
  dy: usize,
  filter: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  zeroFloats(dx, batch * height * width * channels);
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outHeight; oh++) {
      const top = oh * strideHeight - padTop;
      const toRow = min(kernelHeight, height - top);
      for (let kh = max(0, -top); kh < toRow; kh++) {
        for (let ow = 0; ow < outWidth; ow++) {
          const left = ow * strideWidth - padLeft;
          const source = at(dy, ((n * outHeight + oh) * outWidth + ow) * channels);
          const line = at(dx, ((n * height + top + kh) * width + left) * channels);
          const to = min(kernelWidth, width - left);
          for (let kw = max(0, -left); kw < to; kw++) {
            addScaledRows(
              at(line, kw * channels),
              source,
              at(filter, (kh * kernelWidth + kw) * channels),
              channels,
            );
          }
        }
      }
    }
  }
}

// The outputs whose tap `offset` pixels from the stride's grid lies inside the row: [first, end).
function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (-offset + stride - 1) / stride;
}

function endInside(offset: i32, stride: i32, width: i32, outWidth: i32): i32 {
  const last = width - 1 - offset;
  return last < 0 ? 0 : min(outWidth, last / stride + 1);
}

function addTap(x: usize, dy: usize, dw: usize, count: i32, channels: i32, stride: i32): void {
  const step = (<usize>channels) << 2;
  const xStep = step * <usize>stride;
  const vectored = channels & ~3;
  let c = 0;
  for (; c < vectored; c += 4) {
    let sum = v128.load(at(dw, c));
    let xp = at(x, c);
    let dp = at(dy, c);
    for (let i = 0; i < count; i++) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(dp), v128.load(xp)));
      dp += step;
      xp += xStep;
    }
    v128.store(at(dw, c), sum);
  }
  for (; c < channels; c++) {
    let sum = load<f32>(at(dw, c));
    for (let i = 0; i < count; i++) {
      sum += load<f32>(at(dy, i * channels + c)) * load<f32>(at(x, i * stride * channels + c));
    }
    store<f32>(at(dw, c), sum);
  }
}

// Three neighbouring taps over outputs that all three reach; only whole vectors of channels.
function addThreeTaps(x: usize, dy: usize, dw: usize, count: i32, channels: i32, stride: i32): void {
  const step = (<usize>channels) << 2;
  const xStep = step * <usize>stride;
  const vectored = channels & ~3;
  for (let c = 0; c < vectored; c += 4) {
    const w0 = at(dw, c);
    const w1 = w0 + step;
    const w2 = w1 + step;
    let sum0 = v128.load(w0);
    let sum1 = v128.load(w1);
    let sum2 = v128.load(w2);
    let xp = at(x, c);
    let dp = at(dy, c);
    for (let i = 0; i < count; i++) {
      const d = v128.load(dp);
      sum0 = f32x4.add(sum0, f32x4.mul(d, v128.load(xp)));
      sum1 = f32x4.add(sum1, f32x4.mul(d, v128.load(xp + step)));
      sum2 = f32x4.add(sum2, f32x4.mul(d, v128.load(xp + step + step)));
      dp += step;
      xp += xStep;
    }
    v128.store(w0, sum0);
    v128.store(w1, sum1);
    v128.store(w2, sum2);
  }
}

/** The gradient of the loss by the filter, from that by `y`. */
export function depthwiseFilterGradient(
  x: usize,
  dy: usize,
  dFilter: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  zeroFloats(dFilter, kernelHeight * kernelWidth * channels);
  const threeWide = kernelWidth == 3 && (channels & 3) == 0;
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outHeight; oh++) {
      const top = oh * strideHeight - padTop;
      const toRow = min(kernelHeight, height - top);
      const dyRow = at(dy, (n * outHeight + oh) * outWidth * channels);
      for (let kh = max(0, -top); kh < toRow; kh++) {
        const xRow = at(x, (n * height + top + kh) * width * channels);
        const dw = at(dFilter, kh * kernelWidth * channels);
        let sharedFirst = 0;
        let sharedEnd = 0;
        if (threeWide) {
          sharedFirst = firstInside(-padLeft, strideWidth);
          sharedEnd = endInside(2 - padLeft, strideWidth, width, outWidth);
          if (sharedFirst < sharedEnd) {
            const column = sharedFirst * strideWidth - padLeft;
            addThreeTaps(
              at(xRow, column * channels),
              at(dyRow, sharedFirst * channels),
              dw,
              sharedEnd - sharedFirst,
              channels,
              strideWidth,
            );
          } else {
            sharedEnd = sharedFirst;
          }
        }
        for (let kw = 0; kw < kernelWidth; kw++) {
          const offset = kw - padLeft;
          const first = firstInside(offset, strideWidth);
          const end = endInside(offset, strideWidth, width, outWidth);
          const tap = at(dw, kw * channels);
          // Left of what the three taps shared, then right of it; all of it where they shared nothing.
          const split = sharedFirst < sharedEnd ? sharedFirst : end;
          if (first < split) {
            addTap(
              at(xRow, (first * strideWidth + offset) * channels),
              at(dyRow, first * channels),
              tap,
              split - first,
              channels,
              strideWidth,
            );
          }
          if (sharedFirst < sharedEnd && sharedEnd < end) {
            addTap(
              at(xRow, (sharedEnd * strideWidth + offset) * channels),
              at(dyRow, sharedEnd * channels),
              tap,
              end - sharedEnd,
              channels,
              strideWidth,
            );
          }
        }
      }
    }
  }
}
