import type { ImageCodec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";
import type { RgbImage } from "../../shared/image/rgb-image.ts";
import { stream } from "../training/random.ts";

/** One way to spoil images, in growing strength. */
export interface Perturbation {
  readonly name: string;
  /** Of the levels. */
  readonly unit: string;
  readonly levels: readonly number[];
  /** The spoilt image; the given one stays as it is. @param seed of what is random in it */
  readonly apply: (image: RgbImage, level: number, seed: number) => RgbImage;
}

/** What the field does to photos; applied to the pixels at the model's size. */
export function createPerturbations(codec: ImageCodec, encodeJpeg: JpegEncoder): Perturbation[] {
  return [
    {
      name: "JPEG",
      unit: "quality",
      levels: [80, 50, 30, 15],
      apply: (image, quality) => recompress(image, quality, codec, encodeJpeg),
    },
    { name: "blur", unit: "sigma, px", levels: [0.5, 1, 2, 4], apply: blur },
    { name: "noise", unit: "deviation of 255", levels: [5, 10, 20, 40], apply: addNoise },
    { name: "brightness", unit: "factor", levels: [0.4, 0.7, 1.4, 2], apply: brighten },
    { name: "rotation", unit: "degrees", levels: [5, 15, 30, 90], apply: rotate },
  ];
}

function recompress(image: RgbImage, quality: number, codec: ImageCodec, encodeJpeg: JpegEncoder): RgbImage {
  return codec.decode(encodeJpeg(image, quality), {
    width: image.width,
    height: image.height,
    fit: "stretch",
    cropFraction: 1,
    filter: "triangle",
    background: [0, 0, 0],
    denoise: "none",
  }).image;
}

function blur(image: RgbImage, sigma: number): RgbImage {
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = weights.map((weight) => weight / total);
  const rows = convolve(Float32Array.from(image.data), image, kernel, 3, image.width);
  const both = convolve(rows, image, kernel, 3 * image.width, image.height);
  return { ...image, data: Uint8Array.from(both, Math.round) };
}

/** Along one axis, edges repeated. @param stride between neighbours on the axis  @param length of the axis */
function convolve(
  values: Float32Array,
  { width }: RgbImage,
  kernel: readonly number[],
  stride: number,
  length: number,
): Float32Array {
  const reach = (kernel.length - 1) / 2;
  const out = new Float32Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const pixel = Math.floor(at / 3);
    const place = stride === 3 ? pixel % width : Math.floor(pixel / width);
    let sum = 0;
    for (const [tap, weight] of kernel.entries()) {
      const other = Math.min(length - 1, Math.max(0, place + tap - reach));
      sum += weight * (values[at + (other - place) * stride] as number);
    }
    out[at] = sum;
  }
  return out;
}

function addNoise(image: RgbImage, deviation: number, seed: number): RgbImage {
  const random = stream(seed, `noise/${deviation}`);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const data = Uint8Array.from(image.data, (byte) => clamp(Math.round(byte + deviation * normal()), 255));
  return { ...image, data };
}

function brighten(image: RgbImage, factor: number): RgbImage {
  return { ...image, data: Uint8Array.from(image.data, (byte) => Math.min(255, Math.round(byte * factor))) };
}

/** About the centre, anticlockwise, bilinear; what lies outside is the nearest edge. */
function rotate(image: RgbImage, degrees: number): RgbImage {
  const { width, height, data } = image;
  const angle = (degrees * Math.PI) / 180;
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = clamp(cos * (x - middleX) - sin * (y - middleY) + middleX, width - 1);
      const fromY = clamp(sin * (x - middleX) + cos * (y - middleY) + middleY, height - 1);
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
      const [partX, partY] = [fromX - left, fromY - top];
      for (let channel = 0; channel < 3; channel++) {
        const at = (column: number, row: number): number =>
          data[(row * width + column) * 3 + channel] as number;
        const upper = at(left, top) * (1 - partX) + at(right, top) * partX;
        const lower = at(left, bottom) * (1 - partX) + at(right, bottom) * partX;
        out[(y * width + x) * 3 + channel] = Math.round(upper * (1 - partY) + lower * partY);
      }
    }
  }
  return { width, height, data: out };
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
