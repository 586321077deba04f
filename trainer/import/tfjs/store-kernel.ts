import { dequantizeTensor, quantizeTensor } from "../../release/quantize.ts";
import type { ImportedKernel } from "../constants.ts";
import type { FusedLayer } from "./fuse-net.ts";

/**
 * The weights of a layer as they are to be stored: codes that nothing scaled stay as they are; others that came from
 * 8 bits become float16 where that keeps an eighth of their step; floats stay floats.
 */
export function storeKernel({ step, factors }: FusedLayer): ImportedKernel {
  const { name, values: stored, codes } = step.weights;
  if (factors === null) {
    if (codes === undefined) return { values: stored, stored: quantizeTensor(name, stored, "none") };
    const { scale, min, bytes } = codes;
    const record = { dtype: "uint8", min, scale, original_dtype: "float32" } as const;
    return { values: stored, stored: { storage: "uint8", bytes, record } };
  }
  const channels = factors.length;
  const values = stored.map((value, i) => value * (factors[i % channels] ?? 0));
  const floats = { values, stored: quantizeTensor(name, values, "none") };
  if (codes === undefined) return floats;
  const halves = quantizeTensor(name, values, "float16");
  const rounded = dequantizeTensor(halves);
  const faithful = values.every(
    (value, i) =>
      Math.abs(value - (rounded[i] ?? 0)) <= Math.abs((factors[i % channels] ?? 0) * codes.scale) / 8,
  );
  return faithful ? { values, stored: halves } : floats;
}
