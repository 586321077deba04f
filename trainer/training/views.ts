import type { RgbImage } from "../../shared/image/rgb-image.ts";
import type { RandomStream } from "./random.ts";

/** A changed look at an image: a part of it, perhaps mirrored, in another light. */
export interface ViewChange {
  /** Left, top and side of a square part, as shares of the image's side. */
  readonly left: number;
  readonly top: number;
  readonly side: number;
  readonly mirrored: boolean;
  /** Added to every byte. */
  readonly brightness: number;
  /** Factor around mid-grey. */
  readonly contrast: number;
}

/** Smallest part of an image's side that a view shows. */
const leastSide = 0.65;
const mostBrightness = 20;
const mostContrast = 0.2;

/** Draws a change: a part of 42 to 100 % of the image's area, any light between dusk and noon. */
export function drawView(random: RandomStream): ViewChange {
  const side = leastSide + (1 - leastSide) * random.uniform();
  return {
    side,
    left: (1 - side) * random.uniform(),
    top: (1 - side) * random.uniform(),
    mirrored: random.uniform() < 0.5,
    brightness: mostBrightness * (2 * random.uniform() - 1),
    contrast: 1 + mostContrast * (2 * random.uniform() - 1),
  };
}

/**
 * Renders a view by 2-tap bilinear sampling at pixel centres, as imported nets were trained with.
 * @param image square
 * @param size pixels of a side of the result
 */
export function renderView({ width, data }: RgbImage, view: ViewChange, size: number): Uint8Array {
  const columns = axisTaps(width, view.left, view.side, size);
  const rows = axisTaps(width, view.top, view.side, size);
  const light = Uint8ClampedArray.from(
    { length: 256 },
    (_, byte) => (byte - 127.5) * view.contrast + 127.5 + view.brightness,
  );
  const out = new Uint8Array(size * size * 3);
  let target = 0;
  for (let y = 0; y < size; y++) {
    const above = 3 * width * (rows.first[y] as number);
    const below = 3 * width * (rows.second[y] as number);
    const down = rows.share[y] as number;
    for (let x = 0; x < size; x++) {
      const at = view.mirrored ? size - 1 - x : x;
      const left = 3 * (columns.first[at] as number);
      const right = 3 * (columns.second[at] as number);
      const across = columns.share[at] as number;
      for (let channel = 0; channel < 3; channel++) {
        const upper = mix(data[above + left + channel], data[above + right + channel], across);
        const lower = mix(data[below + left + channel], data[below + right + channel], across);
        out[target++] = light[Math.round(mix(upper, lower, down))] as number;
      }
    }
  }
  return out;
}

/** Two neighbours of each place along an axis, and the share of the second. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly share: Float64Array;
}

function axisTaps(length: number, start: number, side: number, size: number): Taps {
  const places = Float64Array.from({ length: size }, (_, i) =>
    Math.min(length - 1, Math.max(0, (start + ((i + 0.5) / size) * side) * length - 0.5)),
  );
  const first = Int32Array.from(places, Math.floor);
  return {
    first,
    second: first.map((place) => Math.min(length - 1, place + 1)),
    share: places.map((place) => place - Math.floor(place)),
  };
}

function mix(a: number | undefined, b: number | undefined, share: number): number {
  return (a as number) * (1 - share) + (b as number) * share;
}
