import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import type { Canvas } from "./canvas.ts";
import type { Chance } from "./chance.ts";
import { lightAt, type Light } from "./light.ts";
import { paintTimestamp } from "./timestamp.ts";

/** Takes the picture: light, blur, exposure, noise and the clock that cameras print into it. */
export function takePicture(canvas: Canvas, chance: Chance, light: Light): RgbImage {
  const { width, height } = canvas;
  const exposed = expose(canvas, chance, light);
  blur(exposed, width, height, chance);
  const data = develop(exposed, width, chance, light.isNight);
  if (chance.happens(0.4)) paintTimestamp({ width, height, data }, chance);
  return { width, height, data };
}

/** Light on surfaces, plus what glows; darker towards the corners. */
function expose(canvas: Canvas, chance: Chance, light: Light): Float32Array {
  const { width, height, surface, glow } = canvas;
  const exposed = new Float32Array(surface.length);
  const vignette = chance.between(0, 0.35);
  // The camera evens out what the scene's mean level is, not quite: light must not tell the class.
  const target = light.isNight ? chance.between(0.13, 0.3) : chance.between(0.25, 0.55);
  let sum = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const u = (2 * x) / width - 1;
      const v = (2 * y) / height - 1;
      const corner = 1 - (vignette * (u * u + v * v)) / 2;
      const lit = lightAt(light, x, y);
      for (let channel = 0; channel < 3; channel += 1) {
        const i = (y * width + x) * 3 + channel;
        const value = corner * ((surface[i] as number) * (lit[channel] as number) + (glow[i] as number));
        exposed[i] = value;
        sum += value;
      }
    }
  }
  const gain = target / Math.max(sum / exposed.length, 0.02);
  for (let i = 0; i < exposed.length; i += 1) exposed[i] = (exposed[i] as number) * gain;
  return exposed;
}

/** Out of focus a little, or moved. */
function blur(pixels: Float32Array, width: number, height: number, chance: Chance): void {
  const passes = chance.pick([0, 0, 0, 1, 1]);
  for (let pass = 0; pass < passes; pass += 1) {
    blurAlong(pixels, height, width, width * 3, 3);
    blurAlong(pixels, width, height, 3, width * 3);
  }
  if (!chance.happens(0.05)) return;
  for (let pass = 0; pass < 3; pass += 1) blurAlong(pixels, height, width, width * 3, 3);
}

/** A quarter, a half and a quarter of three neighbours along lines of `count` pixels that are `step` apart. */
function blurAlong(pixels: Float32Array, lines: number, count: number, lineStep: number, step: number): void {
  for (let line = 0; line < lines; line += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      const start = line * lineStep + channel;
      let before = pixels[start] as number;
      for (let k = 0; k < count; k += 1) {
        const i = start + k * step;
        const here = pixels[i] as number;
        const after = pixels[k + 1 < count ? i + step : i] as number;
        pixels[i] = 0.25 * before + 0.5 * here + 0.25 * after;
        before = here;
      }
    }
  }
}

/** Tone curve, colours, sensor noise and rounding to bytes. */
function develop(
  exposed: Float32Array,
  width: number,
  chance: Chance,
  isNight: boolean,
): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(exposed.length);
  // Infrared cameras see grey at night.
  const saturation = isNight && chance.happens(0.6) ? 0 : chance.between(0.5, 1.1);
  const contrast = chance.between(0.85, 1.2);
  const noise = isNight ? chance.between(0.006, 0.022) : chance.between(0.003, 0.012);
  const flicker = chance.between(0, 0.01);
  for (let i = 0; i < exposed.length; i += 3) {
    const red = tone(exposed[i] as number);
    const green = tone(exposed[i + 1] as number);
    const blue = tone(exposed[i + 2] as number);
    const grey = 0.3 * red + 0.59 * green + 0.11 * blue;
    const banding = Math.floor(i / 3 / width) % 2 === 0 ? flicker : -flicker;
    const grain = noise * normal(chance.random.nextUint32());
    const specks = chance.random.nextUint32();
    for (let channel = 0; channel < 3; channel += 1) {
      const color = channel === 0 ? red : channel === 1 ? green : blue;
      const toned = grey + saturation * (color - grey);
      const value = 0.5 + contrast * (toned - 0.5) + grain + noise * speck(specks, channel) + banding;
      data[i + channel] = Math.min(Math.max(Math.round(255 * value), 0), 255);
    }
  }
  return data;
}

/** About normally distributed, mean 0, standard deviation 1: the sum of the four bytes of a random number. */
function normal(bits: number): number {
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return (sum - 510) / 148;
}

/** Evenly distributed in -0.6 to 0.6: one byte of a random number. */
function speck(bits: number, byte: number): number {
  return 1.2 * (((bits >>> (8 * byte)) & 255) / 255 - 0.5);
}

/** Linear light to display values: a square root, with a soft shoulder towards white. */
function tone(light: number): number {
  const root = Math.sqrt(Math.max(light, 0));
  return root < 0.75 ? root : 1 - 0.25 / (1 + (root - 0.75) * 4);
}
