// Convolution and its two gradients as matrix products over a few output pixels at a time: each pixel's receptive
// field becomes one row ("im2col", Chellapilla et al. 2006). Works for every kernel size, stride and padding.

import { addOuterProducts, multiplyPacked, pack, packTransposed, packedFloats } from "./gemm.as";
import { addFloats, at, copyFloats, zeroFloats } from "./memory.as";

// Output pixels whose receptive fields are laid out at once.
const BLOCK: i32 = 32;

/** Floats of scratch that the three kernels below need for a `[kernelHeight, kernelWidth, C, O]` filter. */
export function conv2dScratchFloats(field: i32, outChannels: i32): i32 {
  return max(packedFloats(field, outChannels), packedFloats(outChannels, field)) + BLOCK * field;
}

// One input pixel makes one output pixel, so that x itself is the matrix of receptive fields.
function isPointwise(
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
): bool {
  return (
    kernelHeight * kernelWidth * strideHeight * strideWidth == 1 && height == outHeight && width == outWidth
  );
}

function gatherFields(
  x: usize,
  fields: usize,
  firstPixel: i32,
  pixels: i32,
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
  const rowFloats = kernelWidth * channels;
  let out = fields;
  for (let pixel = firstPixel; pixel < firstPixel + pixels; pixel++) {
    const column = (pixel % outWidth) * strideWidth - padLeft;
    const line = pixel / outWidth;
    const top = (line % outHeight) * strideHeight - padTop;
    const image = at(x, (line / outHeight) * height * width * channels);
    const from = max(0, -column);
    const to = min(kernelWidth, width - column);
    for (let kh = 0; kh < kernelHeight; kh++) {
      const ih = top + kh;
      if (ih < 0 || ih >= height || from >= to) {
        zeroFloats(out, rowFloats);
      } else {
        if (from > 0) zeroFloats(out, from * channels);
        const source = at(image, (ih * width + column + from) * channels);
        copyFloats(at(out, from * channels), source, (to - from) * channels);
        if (to < kernelWidth) zeroFloats(at(out, to * channels), (kernelWidth - to) * channels);
      }
      out = at(out, rowFloats);
    }
  }
}

function scatterFields(
  x: usize,
  fields: usize,
  firstPixel: i32,
  pixels: i32,
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
  const rowFloats = kernelWidth * channels;
  let field = fields;
  for (let pixel = firstPixel; pixel < firstPixel + pixels; pixel++) {
    const column = (pixel % outWidth) * strideWidth - padLeft;
    const line = pixel / outWidth;
    const top = (line % outHeight) * strideHeight - padTop;
    const image = at(x, (line / outHeight) * height * width * channels);
    const from = max(0, -column);
    const to = min(kernelWidth, width - column);
    for (let kh = 0; kh < kernelHeight; kh++) {
      const ih = top + kh;
      if (ih >= 0 && ih < height && from < to) {
        const target = at(image, (ih * width + column + from) * channels);
        addFloats(target, at(field, from * channels), (to - from) * channels);
      }
      field = at(field, rowFloats);
    }
  }
}

/** `y = conv2d(x, filter)`. */
export function conv2dForward(
  x: usize,
  filter: usize,
  y: usize,
  scratch: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  const field = kernelHeight * kernelWidth * channels;
  const pixels = batch * outHeight * outWidth;
  pack(filter, field, outChannels, scratch);
  if (isPointwise(height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth)) {
    multiplyPacked(x, scratch, y, pixels, field, outChannels);
    return;
  }
  const fields = at(scratch, packedFloats(field, outChannels));
  for (let first = 0; first < pixels; first += BLOCK) {
    const count = min(BLOCK, pixels - first);
    gatherFields(
      x,
      fields,
      first,
      count,
      height,
      width,
      channels,
      outHeight,
      outWidth,
      kernelHeight,
      kernelWidth,
      strideHeight,
      strideWidth,
      padTop,
      padLeft,
    );
    multiplyPacked(fields, scratch, at(y, first * outChannels), count, field, outChannels);
  }
}

/** The gradient of the loss by `x`, from that by `y`. */
export function conv2dInputGradient(
  dy: usize,
  filter: usize,
  dx: usize,
  scratch: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  const field = kernelHeight * kernelWidth * channels;
  const pixels = batch * outHeight * outWidth;
  packTransposed(filter, outChannels, field, scratch);
  if (isPointwise(height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth)) {
    multiplyPacked(dy, scratch, dx, pixels, outChannels, field);
    return;
  }
  zeroFloats(dx, batch * height * width * channels);
  const fields = at(scratch, packedFloats(outChannels, field));
  for (let first = 0; first < pixels; first += BLOCK) {
    const count = min(BLOCK, pixels - first);
    multiplyPacked(at(dy, first * outChannels), scratch, fields, count, outChannels, field);
    scatterFields(
      dx,
      fields,
      first,
      count,
      height,
      width,
      channels,
      outHeight,
      outWidth,
      kernelHeight,
      kernelWidth,
      strideHeight,
      strideWidth,
      padTop,
      padLeft,
    );
  }
}

/** The gradient of the loss by the filter, from that by `y`. */
export function conv2dFilterGradient(
  x: usize,
  dy: usize,
  dFilter: usize,
  scratch: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  const field = kernelHeight * kernelWidth * channels;
  const pixels = batch * outHeight * outWidth;
  zeroFloats(dFilter, field * outChannels);
  if (isPointwise(height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth)) {
    addOuterProducts(x, dy, dFilter, pixels, field, outChannels);
    return;
  }
  for (let first = 0; first < pixels; first += BLOCK) {
    const count = min(BLOCK, pixels - first);
    gatherFields(
      x,
      scratch,
      first,
      count,
      height,
      width,
      channels,
      outHeight,
      outWidth,
      kernelHeight,
      kernelWidth,
      strideHeight,
      strideWidth,
      padTop,
      padLeft,
    );
    addOuterProducts(scratch, at(dy, first * outChannels), dFilter, count, field, outChannels);
  }
}
