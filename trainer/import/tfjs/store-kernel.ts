import { dequantizeTensor, type QuantizedTensor, quantizeTensor } from "../../release/quantize.ts";
import type { ImportedKernel } from "../constants.ts";
import type { FusedLayer } from "./fuse-net.ts";

/** The weights of a layer as they are to be stored: codes stay codes, what scales their channels beside them; floats stay floats. */
export function storeKernel({ step, factors }: FusedLayer): ImportedKernel {
  const { name, values: unscaled, codes } = step.weights;
  if (codes === undefined) {
    const values =
      factors === null ? unscaled : unscaled.map((value, i) => value * (factors[i % factors.length] ?? 0));
    return { values, stored: quantizeTensor(name, values, "none") };
  }
  const { scale, min, bytes } = codes;
  const record = { dtype: "uint8", min, scale, original_dtype: "float32" } as const;
  const stored: QuantizedTensor = {
    storage: "uint8",
    bytes,
    record,
    ...(factors === null ? {} : { scales: Float32Array.from(factors) }),
  };
  return { values: dequantizeTensor(stored), stored };
}
