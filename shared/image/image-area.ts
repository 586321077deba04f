import type { InputSpec } from "../contract/input-spec.ts";

/** A part of an image, in fractions of its width and height; beyond 0..1 lies what the model saw as bars. */
export interface ImageArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The part of an image that becomes the model's input, as `place` in codec/geometry.c works it out.
 * @param width of the image in pixels, its orientation applied  @param height likewise
 */
export function inputArea(
  spec: Pick<InputSpec, "width" | "height" | "fit" | "cropFraction">,
  width: number,
  height: number,
): ImageArea {
  const { fit, cropFraction } = spec;
  let stepX = width / spec.width;
  let stepY = height / spec.height;
  if (fit === "cover-crop") stepX = stepY = Math.min(stepX, stepY);
  if (fit === "letterbox") stepX = stepY = Math.max(stepX, stepY);
  const horizontal = alongAxis(width, stepX * cropFraction, spec.width, fit === "letterbox");
  const vertical = alongAxis(height, stepY * cropFraction, spec.height, fit === "letterbox");
  return {
    left: horizontal.start,
    top: vertical.start,
    width: horizontal.extent,
    height: vertical.extent,
  };
}

/** @param size of the image  @param step pixels of the image to one of the input  @param columns of the input */
function alongAxis(
  size: number,
  step: number,
  columns: number,
  hasBars: boolean,
): { start: number; extent: number } {
  const filled = size / step;
  if (!hasBars || filled >= columns) {
    const extent = columns / filled;
    return { start: (1 - extent) / 2, extent };
  }
  const extent = Math.max(1, Math.floor(filled + 0.5));
  return { start: -Math.floor((columns - extent) / 2) / extent, extent: columns / extent };
}
