// The gradient of max pooling. Of equal values in a window the first takes the gradient, as in the tfjs cpu backend.

import { at, zeroFloats } from "./memory.as";

/** The gradient of the loss by `x`, from that by `y = maxPool(x)`. */
export function maxPoolGradient(
  x: usize,
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  zeroFloats(dx, batch * height * width * channels);
  const vectored = channels & ~3;
  for (let n = 0; n < batch; n++) {
    const image = at(x, n * height * width * channels);
    const target = at(dx, n * height * width * channels);
    for (let oh = 0; oh < outHeight; oh++) {
      const top = max(0, oh * strideHeight - padTop);
      const bottom = min(height, oh * strideHeight - padTop + windowHeight);
      for (let ow = 0; ow < outWidth; ow++) {
        const left = max(0, ow * strideWidth - padLeft);
        const right = min(width, ow * strideWidth - padLeft + windowWidth);
        const source = at(dy, ((n * outHeight + oh) * outWidth + ow) * channels);
        let c = 0;
        for (; c < vectored; c += 4) {
          let best = f32x4.splat(-f32.MAX_VALUE);
          let place = i32x4.splat(top * width + left);
          for (let h = top; h < bottom; h++) {
            for (let w = left; w < right; w++) {
              const value = v128.load(at(image, (h * width + w) * channels + c));
              const larger = f32x4.gt(value, best);
              best = v128.bitselect(value, best, larger);
              place = v128.bitselect(i32x4.splat(h * width + w), place, larger);
            }
          }
          const gradient = v128.load(at(source, c));
          for (let h = top; h < bottom; h++) {
            for (let w = left; w < right; w++) {
              const chosen = i32x4.eq(place, i32x4.splat(h * width + w));
              const p = at(target, (h * width + w) * channels + c);
              v128.store(p, f32x4.add(v128.load(p), v128.and(gradient, chosen)));
            }
          }
        }
        for (; c < channels; c++) {
          let best: f32 = -f32.MAX_VALUE;
          let place = top * width + left;
          for (let h = top; h < bottom; h++) {
            for (let w = left; w < right; w++) {
              const value = load<f32>(at(image, (h * width + w) * channels + c));
              if (value > best) {
                best = value;
                place = h * width + w;
              }
            }
          }
          const p = at(target, place * channels + c);
          store<f32>(p, load<f32>(p) + load<f32>(at(source, c)));
        }
      }
    }
  }
}
