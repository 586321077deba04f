import type { Color } from "./canvas.ts";

/** Colours of one kind of thing. */
export type Palette = readonly [Color, ...Color[]];

/** Asphalt, concrete, paving, soil, gravel, grass, snow. */
export const grounds: Palette = [
  [0.22, 0.22, 0.23],
  [0.38, 0.37, 0.36],
  [0.52, 0.5, 0.47],
  [0.6, 0.53, 0.44],
  [0.38, 0.29, 0.21],
  [0.24, 0.33, 0.15],
  [0.34, 0.42, 0.2],
  [0.72, 0.73, 0.75],
];

/** Plaster, brick, concrete, wood. */
export const walls: Palette = [
  [0.74, 0.7, 0.62],
  [0.8, 0.8, 0.78],
  [0.5, 0.27, 0.2],
  [0.45, 0.44, 0.43],
  [0.33, 0.23, 0.15],
  [0.42, 0.5, 0.56],
];

/** Clear, hazy and overcast. */
export const skies: Palette = [
  [0.42, 0.58, 0.8],
  [0.62, 0.7, 0.78],
  [0.7, 0.7, 0.7],
  [0.5, 0.52, 0.56],
];

/** Leaves in summer, dry and in autumn. */
export const leaves: Palette = [
  [0.13, 0.26, 0.09],
  [0.2, 0.34, 0.12],
  [0.28, 0.33, 0.14],
  [0.36, 0.28, 0.11],
];

/** Bark, posts, fences. */
export const posts: Palette = [
  [0.23, 0.17, 0.12],
  [0.4, 0.4, 0.41],
  [0.72, 0.72, 0.7],
  [0.12, 0.12, 0.13],
];

/** Doors, windows and bins. */
export const fittings: Palette = [
  [0.1, 0.12, 0.15],
  [0.3, 0.34, 0.38],
  [0.36, 0.15, 0.12],
  [0.15, 0.25, 0.18],
  [0.6, 0.58, 0.52],
];
