import { createRgbImage, type RgbImage } from "../../../shared/image/rgb-image.ts";
import { type RandomStream, stream } from "../../../trainer/training/random.ts";

/** Standard deviation of the sensor noise, in levels: at quality 90 a 12 MP drawing has the bytes of a phone's photo. */
const noiseLevels = 4;

/**
 * A drawing that a JPEG decoder works on as on a photo: soft light, some hundred striped shapes, sensor noise.
 * @param seed the same seed draws the same pixels on every machine
 */
export function drawnPhoto(width: number, height: number, seed: number): RgbImage {
  const random = stream(seed, `bench/photo/${width}x${height}`);
  const data = new Uint8Array(width * height * 3);
  drawLight(data, width, height, random);
  for (let shape = 0; shape < 300; shape++) drawShape(data, width, height, random);
  addNoise(data, random);
  return createRgbImage(width, height, data);
}

function drawLight(data: Uint8Array, width: number, height: number, random: RandomStream): void {
  const corners = Array.from({ length: 4 }, () => drawColour(random));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const right = x / width;
      const down = y / height;
      const shares = [(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down];
      for (let channel = 0; channel < 3; channel++) {
        let level = 0;
        for (let corner = 0; corner < 4; corner++) {
          level += (shares[corner] as number) * (corners[corner]?.[channel] as number);
        }
        data[(y * width + x) * 3 + channel] = level;
      }
    }
  }
}

/** An ellipse with stripes of two colours. */
function drawShape(data: Uint8Array, width: number, height: number, random: RandomStream): void {
  const centreX = random.uniform() * width;
  const centreY = random.uniform() * height;
  const radiusX = (0.01 + 0.1 * random.uniform() ** 2) * width;
  const radiusY = (0.01 + 0.1 * random.uniform() ** 2) * width;
  const colours = [drawColour(random), drawColour(random)] as const;
  const stripe = 2 + random.integer(60);
  const slope = random.uniform() * 2 - 1;
  const bottom = Math.min(height - 1, Math.ceil(centreY + radiusY));
  for (let y = Math.max(0, Math.floor(centreY - radiusY)); y <= bottom; y++) {
    const half = radiusX * Math.sqrt(Math.max(0, 1 - ((y - centreY) / radiusY) ** 2));
    const end = Math.min(width - 1, Math.floor(centreX + half));
    for (let x = Math.max(0, Math.ceil(centreX - half)); x <= end; x++) {
      const colour = (x + Math.floor(y * slope)) % (2 * stripe) < stripe ? colours[0] : colours[1];
      data.set(colour, (y * width + x) * 3);
    }
  }
}

/** Nearly normal noise: the sum of four random bytes, brightness on all channels and a little colour on each. */
function addNoise(data: Uint8Array, random: RandomStream): void {
  const byteDeviation = 2 * Math.sqrt((256 ** 2 - 1) / 12);
  for (let pixel = 0; pixel < data.length; pixel += 3) {
    const bits = random.nextUint32();
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    const brightness = ((sum - 510) / byteDeviation) * noiseLevels;
    for (let channel = 0; channel < 3; channel++) {
      const colour = ((bits >>> (channel * 8)) & 7) - 3.5;
      data[pixel + channel] = clampByte((data[pixel + channel] as number) + brightness + colour);
    }
  }
}

function drawColour(random: RandomStream): readonly [number, number, number] {
  return [30 + random.integer(200), 30 + random.integer(200), 30 + random.integer(200)];
}

function clampByte(value: number): number {
  return Math.max(0, Math.min(255, value));
}
