import type { TinyTflite } from "./tiny-tflite.ts";

/** What the tiny model gives, computed in plain loops from the file's own order of weights. */
export interface TinyAnswer {
  readonly embedding: readonly number[];
  readonly logits: readonly number[];
}

type Pixel = (y: number, x: number, c: number) => number;

/**
 * Runs the tiny model.
 * @param nhwc `[9, 9, 3]`, normalised
 * @param depthwiseRange least and most that the depthwise convolution gives
 */
export function runTiny(
  { weights, biases }: TinyTflite,
  nhwc: Float32Array,
  [least, most]: readonly [number, number] = [-Infinity, Infinity],
): TinyAnswer {
  const [w0, w1, w2] = weights;
  const input: Pixel = (y, x, c) => (y < 0 || x < 0 || y > 8 || x > 8 ? 0 : (nhwc[(y * 9 + x) * 3 + c] ?? 0));
  const convolved = image(5, 4, (y, x, o) => {
    let sum = biases[0][o] ?? 0;
    for (const [dy, dx] of taps) {
      for (let c = 0; c < 3; c++) {
        sum += input(2 * y + dy, 2 * x + dx, c) * (w0.values[((o * 3 + dy + 1) * 3 + dx + 1) * 3 + c] ?? 0);
      }
    }
    return Math.min(6, Math.max(0, sum));
  });
  const summed = image(5, 4, (y, x, c) => {
    let sum = biases[1][c] ?? 0;
    for (const [dy, dx] of taps) {
      sum += convolved(y + dy, x + dx, c) * (w1.values[((dy + 1) * 3 + dx + 1) * 4 + c] ?? 0);
    }
    return Math.max(0, Math.min(most, Math.max(least, sum)) + convolved(y, x, c));
  });
  // Everything is at least 0 here, so the zeros beyond the border never are the largest.
  const largest = image(3, 4, (y, x, c) =>
    Math.max(...[0, 1, 2, 3].map((i) => summed(2 * y + (i >> 1), 2 * x + (i & 1), c))),
  );
  const averaged = image(3, 4, (y, x, c) => {
    const inside = taps.filter(([dy, dx]) => y + dy >= 0 && y + dy < 3 && x + dx >= 0 && x + dx < 3);
    return inside.reduce((sum, [dy, dx]) => sum + largest(y + dy, x + dx, c), 0) / inside.length;
  });
  const embedding = [0, 1, 2, 3].map((c) => {
    let sum = 0;
    for (let i = 0; i < 9; i++) sum += averaged(Math.floor(i / 3), i % 3, c);
    return sum / 9;
  });
  const logits = [0, 1, 2].map((o) =>
    embedding.reduce((sum, value, c) => sum + value * (w2.values[o * 4 + c] ?? 0), biases[2][o] ?? 0),
  );
  return { embedding, logits };
}

/** Offsets of a 3x3 window around its centre. */
const taps = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx] as const));

/** A square image, computed once; zero beyond its border. */
function image(size: number, channels: number, compute: Pixel): Pixel {
  const values = new Float64Array(size * size * channels);
  for (let i = 0; i < values.length; i++) {
    const pixel = Math.floor(i / channels);
    values[i] = compute(Math.floor(pixel / size), pixel % size, i % channels);
  }
  return (y, x, c) =>
    y < 0 || x < 0 || y >= size || x >= size ? 0 : (values[(y * size + x) * channels + c] ?? 0);
}
