import { AppError } from "../../shared/contract/errors.ts";
import type { Padding } from "./folded-model.ts";

/** One axis of a window: its size, its stride and the size of what it slides over, in pixels. */
interface Axis {
  readonly input: number;
  readonly window: number;
  readonly stride: number;
}

/**
 * Says `same` in a way that every backend reads alike.
 *
 * tfjs-backend-wasm 4.22 gives wrong numbers for a `same` convolution whose window is smaller than its stride: it
 * leaves the padding to XNNPACK, which then takes it to be what TensorFlow pads for a window as wide as the stride.
 * Such layers get their zeros spelled out, which the fixed input size allows.
 */
export function resolvePadding(padding: "same" | "valid", rows: Axis, columns: Axis): Padding {
  if (padding === "valid") return "valid";
  if (rows.window >= rows.stride && columns.window >= columns.stride) return "same";
  const [top, bottom] = samePadding(rows);
  const [left, right] = samePadding(columns);
  return top + bottom + left + right === 0 ? "valid" : { top, bottom, left, right };
}

/**
 * {@link resolvePadding} for pooling, where zeros are no neutral padding and no graph op takes explicit ones.
 * @throws unsupported_model when a window smaller than its stride would need padding
 */
export function resolvePoolPadding(
  padding: "same" | "valid",
  rows: Axis,
  columns: Axis,
  name: string,
): "same" | "valid" {
  const resolved = resolvePadding(padding, rows, columns);
  if (resolved === "same" || resolved === "valid") return resolved;
  throw new AppError(
    "unsupported_model",
    `pooling layer ${name} has a window of ${rows.window}x${columns.window} below its stride of ` +
      `${rows.stride}x${columns.stride} and needs padding; allowed are windows of at least the stride, or padding "valid"`,
  );
}

/** Number of positions of the window along one axis. */
export function outputLength(padding: Padding, axis: Axis, ends: "rows" | "columns"): number {
  if (padding === "same") return Math.ceil(axis.input / axis.stride);
  const zeros =
    padding === "valid" ? 0 : ends === "rows" ? padding.top + padding.bottom : padding.left + padding.right;
  return Math.floor((axis.input + zeros - axis.window) / axis.stride) + 1;
}

/** Zeros before and after, as TensorFlow's `SAME` puts them: the odd one goes after. */
function samePadding(axis: Axis): [number, number] {
  const output = Math.ceil(axis.input / axis.stride);
  const zeros = Math.max(0, (output - 1) * axis.stride + axis.window - axis.input);
  const before = Math.floor(zeros / 2);
  return [before, zeros - before];
}
