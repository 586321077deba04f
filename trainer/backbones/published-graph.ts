import * as z from "zod/mini";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { type Bundle, largestModelJsonBytes, openBundle } from "../../shared/inference/bundle.ts";
import { readBundleFile } from "../../shared/inference/bundle-files.ts";
import { quantizationOf, storedBytes } from "../../shared/inference/graph-model.ts";
import type { PlacedWeight } from "../../shared/inference/weights.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Graph, GraphWeight } from "../release/graph-model.ts";
import { constant } from "../release/graph-nodes.ts";
import { publishedSource } from "../release/load-published.ts";
import { dequantizeTensor, type QuantizedTensor } from "../release/quantize.ts";

/** A published version as it was before its files were written. */
export interface PublishedGraph {
  readonly graph: Graph;
  readonly manifest: ModelManifest;
  /** Pins every file of the version. */
  readonly manifestSha256: string;
}

const attributesSchema = z.object({
  modelTopology: z.object({
    node: z.array(z.object({ name: z.string(), attr: z.prefault(z.record(z.string(), z.unknown()), {}) })),
  }),
});

/**
 * Reads a published version back into a graph whose weights keep their codes.
 * @param reference an alias or a version
 * @throws not_found, and what {@link openBundle} throws
 */
export async function readPublishedGraph(
  store: ObjectStore,
  model: string,
  reference: string,
): Promise<PublishedGraph> {
  const { source, manifestSha256 } = await publishedSource(store, model, reference);
  const bundle = await openBundle(source, manifestSha256 === null ? {} : { manifestSha256 });
  const { manifest } = bundle;
  const bytes = await readBundleFile(source, manifest, "model.json", largestModelJsonBytes);
  // The loader keeps of a node's attributes only those that it needs itself.
  const told = parseJsonWith(attributesSchema, new TextDecoder().decode(bytes), "model.json");
  const { activationGrids, outputs } = manifest;
  return {
    graph: {
      ...graphOf(bundle, new Map(told.modelTopology.node.map(({ name, attr }) => [name, attr]))),
      signature: {},
      outputs,
      ...(activationGrids === undefined ? {} : { activationGrids }),
    },
    manifest,
    manifestSha256: bundle.manifestSha256,
  };
}

function graphOf(
  { model, weights }: Bundle,
  attributes: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): Pick<Graph, "nodes" | "weights"> {
  const operations = model.modelTopology.node.map(({ name, op, input }) => ({
    name,
    op,
    input: input.map((from) => from.replace(/:0$/, "")),
    attr: attributes.get(name) ?? {},
  }));
  const specs = new Map(weights.specs.map((spec) => [spec.name, spec]));
  const kernels = new Set(
    operations.filter(({ op }) => /conv2d|matmul/i.test(op)).map(({ input: [, kernel] }) => kernel),
  );
  return {
    nodes: operations.map((node) => {
      const spec = specs.get(node.name);
      return spec === undefined ? node : constant(spec.name, spec.dtype, spec.shape);
    }),
    weights: weights.specs.map((spec) => readWeight(spec, weights.bytes, kernels.has(spec.name))),
  };
}

function readWeight(spec: PlacedWeight, whole: Uint8Array, isKernel: boolean): GraphWeight {
  const { name, shape, dtype: type, quantization, scales, offset } = spec;
  const bytes = whole.slice(offset, offset + storedBytes(spec));
  const common = { name, shape, type, layer: name };
  if (type === "int32") return { ...common, role: "axes", values: new Int32Array(bytes.buffer) };
  const stored: QuantizedTensor = {
    storage: quantizationOf(spec),
    bytes,
    ...(quantization === undefined ? {} : { record: { ...quantization, original_dtype: "float32" } }),
    ...(scales === undefined ? {} : { scales: Float32Array.from(scales) }),
  };
  return { ...common, role: isKernel ? "kernel" : "bias", values: dequantizeTensor(stored), stored };
}
