import { AppError } from "../../shared/contract/errors.ts";
import { readBundleFile } from "../../shared/inference/bundle-files.ts";
import {
  type BundleExpectation,
  type BundleSource,
  largestModelJsonBytes,
  openBundle,
} from "../../shared/inference/bundle.ts";
import { storedBytes } from "../../shared/inference/graph-model.ts";
import { storedWeights, weightValues } from "../../shared/inference/stored-weight.ts";
import type { PlacedWeight, Weights } from "../../shared/inference/weights.ts";
import { constant } from "./graph-nodes.ts";
import type { FileBytes } from "./model-files.ts";

/** A weight as tfjs's weights manifest lists it. */
interface ListedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: unknown;
}

/**
 * A version's model as any tfjs client loads it: `model.json`, `weights.bin`, and `metadata.json` with its labels and
 * what its input is. Weights with a scale for each channel, which a version has as a product that such a client computes
 * at every prediction, become 16-bit codes of one range: twice the bytes, half the time.
 * @throws what {@link openBundle} throws
 */
export async function exportForTfjs(
  source: BundleSource,
  expected: BundleExpectation = {},
): Promise<FileBytes[]> {
  const { manifest, model, weights } = await openBundle(source, expected);
  const file = await readBundleFile(source, manifest, "model.json", largestModelJsonBytes);
  const written = JSON.parse(new TextDecoder().decode(file));
  const kept = new Set(model.modelTopology.node.map(({ name }) => name));
  const scaled = new Map(
    weights.specs.filter(({ scales }) => scales !== undefined).map((spec) => [spec.name, spec]),
  );
  const node = written.modelTopology.node
    .filter(({ name }: { name: string }) => kept.has(name))
    .map((one: { name: string }) => {
      const spec = scaled.get(one.name);
      return spec === undefined ? one : constant(spec.name, "float32", spec.shape);
    });
  const parts = weights.specs.map((spec) => exportWeight(spec, weights));
  const listed = parts.map(({ weight }) => weight);
  const json = {
    ...written,
    modelTopology: { ...written.modelTopology, node },
    weightsManifest: [{ paths: ["weights.bin"], weights: listed }],
  };
  const { labels, input } = manifest;
  return [
    { path: "model.json", bytes: encode(json) },
    { path: "weights.bin", bytes: new Uint8Array(Buffer.concat(parts.map(({ bytes }) => bytes))) },
    {
      path: "metadata.json",
      bytes: encode({ modelName: manifest.model, labels, imageSize: input.width, input }),
    },
  ];
}

function exportWeight(
  spec: PlacedWeight,
  weights: Weights,
): { readonly weight: ListedWeight; readonly bytes: Uint8Array } {
  const { name, shape, dtype, offset, quantization, scales } = spec;
  if (scales === undefined) {
    const bytes = weights.bytes.subarray(offset, offset + storedBytes(spec));
    return { weight: { name, shape, dtype, ...(quantization === undefined ? {} : { quantization }) }, bytes };
  }
  const stored = storedWeights({ ...weights, specs: [spec] }).get(name);
  if (stored === undefined)
    throw new AppError("internal", `weight ${name} has scales and is no float32 weight`);
  const values = weightValues(stored);
  const [least, most] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 0]);
  const step = (most - least) / 65_535 || 1;
  // 0 stays 0
  const zero = Math.round(-least / step);
  const codes = Uint16Array.from(values, (value) => Math.min(65_535, zero + Math.round(value / step)));
  const record = { dtype: "uint16", scale: step, min: -zero * step, original_dtype: "float32" };
  return { weight: { name, shape, dtype, quantization: record }, bytes: new Uint8Array(codes.buffer) };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}
