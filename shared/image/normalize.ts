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
  const [red, green, blue] = normalizationTables(spec);
  const { data } = image;
  for (let index = 0; index < data.length; index += 3) {
    out[index] = red[data[index] as number] as number;
    out[index + 1] = green[data[index + 1] as number] as number;
    out[index + 2] = blue[data[index + 2] as number] as number;
  }
  return out;
}

/**
 * What each byte of a channel means to the model, for red, green and blue: 768 divisions instead of one a value, and
 * the same rounding wherever images are normalised.
 */
export function normalizationTables(
  spec: Pick<InputSpec, "mean" | "std">,
): readonly [Float32Array, Float32Array, Float32Array] {
  const [red, green, blue] = spec.mean;
  const [redStd, greenStd, blueStd] = spec.std;
  return [channelTable(red, redStd), channelTable(green, greenStd), channelTable(blue, blueStd)];
}

function channelTable(mean: number, std: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - mean) / std);
}
