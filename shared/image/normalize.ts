import { AppError } from "../contract/errors.ts";
import type { InputSpec } from "../contract/input-spec.ts";
import type { RgbImage } from "./rgb-image.ts";

/**
 * The model's input for one image: `(x / 255 - mean) / std` per channel, in float32.
 * @param out written and returned when given, of the same length
 * @returns NHWC of one image: `[height, width, 3]`
 * @throws invalid_argument if the image or `out` has another size than the spec's
 */
export function normalize(
  image: RgbImage,
  spec: Pick<InputSpec, "width" | "height" | "mean" | "std">,
  out: Float32Array = new Float32Array(image.data.length),
): Float32Array {
  if (image.width !== spec.width || image.height !== spec.height) {
    throw new AppError(
      "invalid_argument",
      `an image of ${image.width}x${image.height} px for a model of ${spec.width}x${spec.height}; decode it at the model's size`,
    );
  }
  if (out.length !== image.data.length) {
    throw new AppError(
      "invalid_argument",
      `room for ${out.length} values, the image has ${image.data.length}`,
    );
  }
  // One table per channel: 768 divisions instead of one per value, and the same rounding everywhere.
  const tables = spec.mean.map((mean, channel) => channelTable(mean, spec.std[channel] ?? 1));
  const [red, green, blue] = tables as [Float32Array, Float32Array, Float32Array]; // mean is a triple
  const { data } = image;
  for (let index = 0; index < data.length; index += 3) {
    out[index] = red[data[index] as number] as number;
    out[index + 1] = green[data[index + 1] as number] as number;
    out[index + 2] = blue[data[index + 2] as number] as number;
  }
  return out;
}

function channelTable(mean: number, std: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - mean) / std);
}
