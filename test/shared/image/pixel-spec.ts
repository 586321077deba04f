import type { PixelSpec } from "../../../shared/image/codec.ts";

/** A plain pixel spec of 40x30 px, with changes. */
export function pixelSpec(changed: Partial<PixelSpec> = {}): PixelSpec {
  return {
    width: 40,
    height: 30,
    fit: "stretch",
    cropFraction: 1,
    filter: "triangle",
    background: [0, 0, 0],
    denoise: "none",
    ...changed,
  };
}
