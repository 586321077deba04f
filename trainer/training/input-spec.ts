import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { codecSha256 } from "../../shared/image/codec-digest.ts";
import type { PixelSpec } from "../../shared/image/codec.ts";
import type { ImageSet } from "../data/image-set.ts";

/**
 * How images reach a net that is trained from nothing: squashed to a square, so that nothing of a camera's frame is cut.
 * @param size pixels of a side
 */
export function pixelSpec(size: number, denoise: PixelSpec["denoise"] = "none"): PixelSpec {
  return {
    width: size,
    height: size,
    fit: "stretch",
    cropFraction: 1,
    filter: "triangle",
    background: [0, 0, 0],
    denoise,
  };
}

/** The input spec of a net: its pixels, normalised by the mean and deviation of the training images' channels. */
export function inputSpecFor(pixels: PixelSpec, train: ImageSet): InputSpec {
  const [red, green, blue] = [0, 1, 2].map((channel) => channelStatistics(train.images, channel));
  return {
    ...pixels,
    mean: [red?.mean ?? 0, green?.mean ?? 0, blue?.mean ?? 0],
    std: [red?.std ?? 1, green?.std ?? 1, blue?.std ?? 1],
    codecSha256,
  };
}

/** Mean and deviation of one channel of interleaved RGB bytes, as 0-1 values. */
function channelStatistics(images: Uint8Array, channel: number): { mean: number; std: number } {
  const counts = new Float64Array(256);
  for (let i = channel; i < images.length; i += 3) {
    const byte = images[i] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  let sum = 0;
  let squares = 0;
  for (const [byte, count] of counts.entries()) {
    sum += count * (byte / 255);
    squares += count * (byte / 255) ** 2;
  }
  const pixels = Math.max(1, images.length / 3);
  const mean = sum / pixels;
  const deviation = Math.sqrt(Math.max(0, squares / pixels - mean ** 2));
  // A channel that never changes carries nothing; dividing by one leaves it at zero.
  return { mean: rounded(mean), std: rounded(deviation) || 1 };
}

/** Four digits: more say nothing of a dataset, and the manifest stays readable. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
