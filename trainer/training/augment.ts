import type { ImageSet } from "../data/image-set.ts";
import type { Augmentation } from "./config.ts";
import type { RandomStream } from "./random.ts";

/** Changes that an image may get beyond its place and light. */
const changes = ["rotation", "zoom", "saturation", "cutout"] as const;

type Change = (typeof changes)[number];
type Size = Pick<ImageSet, "width" | "height">;

/** What hides a part of an image: neither dark nor bright. */
const grey = 128;

/**
 * Turns, enlarges, fades or covers an image at random, on its bytes: as many of the changes that are on as `picks` says,
 * drawn anew for each image (after RandAugment, Cubuk et al. 2019; cutout, DeVries & Taylor 2017).
 * @param pixels `[height, width, 3]`, left as they are
 * @param scratch written and returned, of the same length
 * @returns `pixels` where nothing is changed
 */
export function changeImage(
  pixels: Uint8Array,
  size: Size,
  augmentation: Augmentation,
  random: RandomStream,
  scratch: Uint8Array,
): Uint8Array {
  const chosen = pick(
    changes.filter((change) => (augmentation[change] ?? 0) > 0),
    augmentation.picks ?? changes.length,
    random,
  );
  if (chosen.size === 0) return pixels;
  const symmetric = (most = 0): number => (2 * random.uniform() - 1) * most;
  const angle = chosen.has("rotation") ? (symmetric(augmentation.rotation) * Math.PI) / 180 : 0;
  const scale = chosen.has("zoom") ? 1 + symmetric(augmentation.zoom) : 1;
  if (angle !== 0 || scale !== 1) transform(pixels, size, angle, scale, scratch);
  else scratch.set(pixels);
  if (chosen.has("saturation")) saturate(scratch, 1 + symmetric(augmentation.saturation));
  if (chosen.has("cutout")) cover(scratch, size, augmentation.cutout ?? 0, random);
  return scratch;
}

function pick(candidates: readonly Change[], count: number, random: RandomStream): ReadonlySet<Change> {
  const left = [...candidates];
  const chosen = new Set<Change>();
  while (chosen.size < count && left.length > 0) {
    for (const change of left.splice(random.integer(left.length), 1)) chosen.add(change);
  }
  return chosen;
}

/** Turns and scales around the centre, by bilinear sampling; the border repeats. */
function transform(
  pixels: Uint8Array,
  { width, height }: Size,
  angle: number,
  scale: number,
  out: Uint8Array,
): void {
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  let target = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - middleX, y - middleY];
      const fromX = Math.min(width - 1, Math.max(0, middleX + cos * dx + sin * dy));
      const fromY = Math.min(height - 1, Math.max(0, middleY - sin * dx + cos * dy));
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [across, down] = [fromX - left, fromY - top];
      const corner = 3 * (top * width + left);
      const right = left + 1 < width ? 3 : 0;
      const below = top + 1 < height ? 3 * width : 0;
      for (let at = corner; at < corner + 3; at++) {
        const upper = mix(pixels[at] as number, pixels[at + right] as number, across);
        const lower = mix(pixels[at + below] as number, pixels[at + below + right] as number, across);
        out[target++] = Math.round(mix(upper, lower, down));
      }
    }
  }
}

function mix(a: number, b: number, share: number): number {
  return a * (1 - share) + b * share;
}

/** Moves the colours away from grey, or towards it. */
function saturate(pixels: Uint8Array, factor: number): void {
  for (let i = 0; i < pixels.length; i += 3) {
    // ITU-R BT.601
    const luma =
      0.299 * (pixels[i] as number) + 0.587 * (pixels[i + 1] as number) + 0.114 * (pixels[i + 2] as number);
    for (let at = i; at < i + 3; at++) {
      const value = Math.round(luma + ((pixels[at] as number) - luma) * factor);
      pixels[at] = Math.min(255, Math.max(0, value));
    }
  }
}

/** Covers a square anywhere, partly outside of the image perhaps. @param share of the image's shorter side */
function cover(pixels: Uint8Array, { width, height }: Size, share: number, random: RandomStream): void {
  const side = Math.max(1, Math.round(share * Math.min(width, height)));
  const left = random.integer(width) - Math.floor(side / 2);
  const top = random.integer(height) - Math.floor(side / 2);
  const [from, to] = [Math.max(0, left), Math.min(width, left + side)];
  for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
    pixels.fill(grey, (y * width + from) * 3, (y * width + to) * 3);
  }
}
