import type { Shape } from "./shapes.ts";

/** Linear RGB of a surface or a light; 0 is black, 1 is white under full light, lights may be brighter. */
export type Color = readonly [red: number, green: number, blue: number];

/** The colour of a surface at a point, in pixels. */
export type Paint = (x: number, y: number) => Color;

/** What is painted before light falls on it, and the light that things give off themselves. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]`, the share of light that surfaces send back. */
  readonly surface: Float32Array;
  /** `[height, width, 3]`, light added whatever the scene's light is. */
  readonly glow: Float32Array;
}

/** A black canvas. @param width pixels @param height pixels */
export function createCanvas(width: number, height: number): Canvas {
  const size = width * height * 3;
  return { width, height, surface: new Float32Array(size), glow: new Float32Array(size) };
}

/** How a shape is filled. */
export interface FillOptions {
  /** 0-1. @default 1 */
  readonly opacity?: number;
  /** Pixels over which the edge fades; 1 is a sharp, antialiased edge. @default 1 */
  readonly softness?: number;
}

/** Fills a shape with surface, antialiased; what glowed there is covered. */
export function fill(
  canvas: Canvas,
  shape: Shape,
  paint: Color | Paint,
  { opacity = 1, softness = 1 }: FillOptions = {},
): void {
  const paintAt = typeof paint === "function" ? paint : () => paint;
  eachCovered(canvas, shape, softness, (at, x, y, coverage) => {
    const share = coverage * opacity;
    const color = paintAt(x, y);
    for (let channel = 0; channel < 3; channel += 1) {
      const i = at + channel;
      const under = canvas.surface[i] as number;
      canvas.surface[i] = under + share * ((color[channel] as number) - under);
      canvas.glow[i] = (canvas.glow[i] as number) * (1 - share);
    }
  });
}

/** Adds light inside a shape. */
export function glow(canvas: Canvas, shape: Shape, color: Color, { softness = 1 }: FillOptions = {}): void {
  eachCovered(canvas, shape, softness, (at, _x, _y, coverage) => {
    for (let channel = 0; channel < 3; channel += 1) {
      const i = at + channel;
      canvas.glow[i] = (canvas.glow[i] as number) + coverage * (color[channel] as number);
    }
  });
}

/** Takes light away inside a shape. @param strength 0-1, the share of light that is gone */
export function shade(
  canvas: Canvas,
  shape: Shape,
  strength: number,
  { softness = 1 }: FillOptions = {},
): void {
  eachCovered(canvas, shape, softness, (at, _x, _y, coverage) => {
    for (let i = at; i < at + 3; i += 1) {
      canvas.surface[i] = (canvas.surface[i] as number) * (1 - strength * coverage);
    }
  });
}

/** Calls `visit` for every pixel that a shape covers at least in part. */
function eachCovered(
  { width, height }: Canvas,
  { bounds, distance }: Shape,
  softness: number,
  visit: (at: number, x: number, y: number, coverage: number) => void,
): void {
  const left = Math.max(0, Math.floor(bounds.left - softness));
  const right = Math.min(width, Math.ceil(bounds.right + softness));
  const top = Math.max(0, Math.floor(bounds.top - softness));
  const bottom = Math.min(height, Math.ceil(bounds.bottom + softness));
  for (let row = top; row < bottom; row += 1) {
    for (let column = left; column < right; column += 1) {
      const x = column + 0.5;
      const y = row + 0.5;
      const coverage = 0.5 - distance(x, y) / softness;
      if (coverage > 0) visit((row * width + column) * 3, x, y, Math.min(coverage, 1));
    }
  }
}
