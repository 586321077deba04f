import { AppError } from "../contract/errors.ts";
import type { ModelManifest } from "../contract/manifest.ts";
import { joinBytes } from "../image/join-bytes.ts";
import { bundleFile, readBundleFile, type BundleSource } from "./bundle-files.ts";
import { elementsOf, quantizationOf, storedBytes, type ModelJson, type WeightSpec } from "./graph-model.ts";

/** A weight, and where in {@link Weights} it is. */
export type PlacedWeight = WeightSpec & {
  /** Of its first byte. */
  readonly offset: number;
  /** Multiplies each output channel, the fastest index of the values. */
  readonly scales?: Float32Array;
};

/** The weights of a model as they are stored. */
export interface Weights {
  readonly specs: readonly PlacedWeight[];
  /** The bytes of all of them. */
  readonly bytes: Uint8Array;
}

/**
 * Checks what the weights manifest says before any weight is read.
 * @param budgetBytes what the weights may take as float32
 * @throws {AppError} unsupported_model, invalid_manifest, budget_exceeded
 */
export function checkWeights(model: ModelJson, manifest: ModelManifest, budgetBytes: number): void {
  const paths = model.weightsManifest.flatMap((group) => group.paths);
  if (new Set(paths).size !== paths.length) {
    throw new AppError("unsupported_model", "model.json lists a weight file twice");
  }
  const specs = model.weightsManifest.flatMap((group) => group.weights);
  if (new Set(specs.map((spec) => spec.name)).size !== specs.length) {
    throw new AppError("unsupported_model", "model.json lists a weight twice");
  }
  for (const group of model.weightsManifest) {
    const stored = sum(group.weights.map(storedBytes));
    const files = sum(group.paths.map((path) => bundleFile(manifest, path).bytes));
    if (stored !== files) {
      throw new AppError(
        "unsupported_model",
        `the weights in ${group.paths.join(", ")} take ${stored} bytes by their shapes, the files have ${files}`,
      );
    }
  }
  for (const spec of specs) checkQuantization(spec, manifest);
  const needed = 4 * sum(specs.map((spec) => elementsOf(spec.shape)));
  if (needed > budgetBytes) {
    throw new AppError(
      "budget_exceeded",
      `the weights would take ${needed} bytes of memory, ${budgetBytes} are allowed; use a smaller width`,
    );
  }
}

function checkQuantization(spec: WeightSpec, manifest: ModelManifest): void {
  const said = manifest.quantization.tensors[spec.name] ?? "none";
  const stored = quantizationOf(spec);
  if (said !== stored) {
    throw new AppError(
      "invalid_manifest",
      `weight ${spec.name} is stored as ${stored}, the manifest says ${said}; publish the version again`,
    );
  }
}

/** Reads the weight files of a checked model. @throws integrity_mismatch */
export async function readWeights(
  source: BundleSource,
  manifest: ModelManifest,
  model: ModelJson,
): Promise<Weights> {
  const paths = model.weightsManifest.flatMap((group) => group.paths);
  const files = await Promise.all(
    paths.map((path) => readBundleFile(source, manifest, path, bundleFile(manifest, path).bytes)),
  );
  const [only] = files;
  // most models have one file, whose bytes need no second place
  const bytes = only !== undefined && files.length === 1 ? only : joinBytes(files);
  return { specs: placeWeights(model), bytes };
}

/** Where each weight lies: one after the other, as model.json lists them. */
export function placeWeights(model: ModelJson): PlacedWeight[] {
  let end = 0;
  const specs = model.weightsManifest.flatMap((group) => group.weights);
  return specs.map((spec) => {
    const offset = end;
    end += storedBytes(spec);
    return { ...spec, offset };
  });
}

/** Values of the int32 weights, by name: axes and shapes, which the graph's checks need. */
export function integerConstants(weights: Weights): ReadonlyMap<string, readonly number[]> {
  const { buffer, byteOffset, byteLength } = weights.bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  const constants = new Map<string, readonly number[]>();
  for (const { name, dtype, shape, offset } of weights.specs) {
    if (dtype !== "int32") continue;
    const values = Array.from({ length: elementsOf(shape) }, (_, i) => view.getInt32(offset + 4 * i, true));
    constants.set(name, values);
  }
  return constants;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
