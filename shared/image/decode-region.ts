import type { Region } from "../contract/camera.ts";
import type { DecodedImage, ImageCodec, PixelSpec } from "./codec.ts";
import { createRgbImage, type RgbImage } from "./rgb-image.ts";

/** Sides of a frame in pixels, its orientation applied. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The codec's. */
const longestSide = 1024;

/**
 * The pixels of a region as a model sees those of a whole image: the same codec, fit, filter and scale. The frame is
 * decoded at the size at which the region has the model's pixels, and those are cut out; nothing is resampled twice. A
 * region too small for that (its share of a side below the model's side in 1024ths) is widened around its centre.
 * @param size of the frame, when the caller knows it from an earlier one; else it is decoded twice
 * @throws as {@link ImageCodec.decode}
 */
export function decodeRegion(
  codec: ImageCodec,
  bytes: Uint8Array,
  spec: PixelSpec,
  region: Region,
  size: FrameSize | null = null,
): DecodedImage {
  const expected = size ?? codec.decode(bytes, { ...spec, denoise: "none" });
  const plan = planRegion(spec, region, expected);
  const whole: PixelSpec = { ...spec, fit: "stretch", cropFraction: 1, ...plan.frame };
  const decoded = codec.decode(bytes, whole);
  if (decoded.width !== expected.width || decoded.height !== expected.height) {
    return decodeRegion(codec, bytes, spec, region, decoded);
  }
  const window = cut(decoded.image, plan.window);
  return { ...decoded, image: spec.fit === "letterbox" ? pad(window, spec) : window };
}

interface RegionPlan {
  /** Size at which the whole frame is decoded. */
  readonly frame: FrameSize;
  /** The pixels of that which are kept. */
  readonly window: Box;
}

function planRegion(spec: PixelSpec, region: Region, frame: FrameSize): RegionPlan {
  const box = {
    left: region.left * frame.width,
    top: region.top * frame.height,
    width: region.width * frame.width,
    height: region.height * frame.height,
  };
  const scale = scaleOf(spec, box);
  const across = planSide(
    scale.fill(box.width / scale.x, spec.width),
    scale.x,
    box.left,
    box.width,
    frame.width,
  );
  const down = planSide(
    scale.fill(box.height / scale.y, spec.height),
    scale.y,
    box.top,
    box.height,
    frame.height,
  );
  return {
    frame: { width: across.whole, height: down.whole },
    window: { left: across.start, top: down.start, width: across.target, height: down.target },
  };
}

interface Scale {
  /** Pixels of the region for one of the model. */
  readonly x: number;
  readonly y: number;
  /** How many of the model's `available` pixels `wanted` ones fill. */
  readonly fill: (wanted: number, available: number) => number;
}

/** As the codec does with a whole image. */
function scaleOf({ width, height, fit, cropFraction }: PixelSpec, box: Box): Scale {
  const x = (box.width / width) * cropFraction;
  const y = (box.height / height) * cropFraction;
  if (fit === "stretch") return { x, y, fill: fillAll };
  if (fit === "cover-crop") return { x: Math.min(x, y), y: Math.min(x, y), fill: fillAll };
  return { x: Math.max(x, y), y: Math.max(x, y), fill: fillPart };
}

function fillAll(_: number, available: number): number {
  return available;
}

function fillPart(wanted: number, available: number): number {
  return Math.min(available, Math.max(1, Math.round(wanted)));
}

/**
 * Along one side: how long the whole frame becomes so that `target` pixels of the model show what they should, and where
 * they start.
 */
function planSide(
  target: number,
  step: number,
  start: number,
  length: number,
  frame: number,
): { readonly whole: number; readonly start: number; readonly target: number } {
  const whole = Math.min(longestSide, Math.max(target, Math.round(frame / step)));
  const middle = ((start + length / 2) * whole) / frame;
  return { whole, target, start: Math.min(whole - target, Math.max(0, Math.round(middle - target / 2))) };
}

function cut({ width, data }: RgbImage, window: Box): RgbImage {
  const rows = new Uint8Array(window.width * window.height * 3);
  for (let y = 0; y < window.height; y++) {
    const from = ((window.top + y) * width + window.left) * 3;
    rows.set(data.subarray(from, from + window.width * 3), y * window.width * 3);
  }
  return createRgbImage(window.width, window.height, rows);
}

function pad(image: RgbImage, { width, height, background }: PixelSpec): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = background[i % 3] ?? 0;
  const left = Math.floor((width - image.width) / 2);
  const top = Math.floor((height - image.height) / 2);
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3);
    data.set(row, ((top + y) * width + left) * 3);
  }
  return createRgbImage(width, height, data);
}
