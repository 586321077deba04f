import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { AppError } from "../../shared/contract/errors.ts";
import { codecSha256 } from "../../shared/image/codec-digest.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { convertModel } from "../import/convert-model.ts";
import { importedPixels, importedView } from "../import/import-model.ts";
import { assumedForm, readModelFile } from "../import/model-file.ts";
import { featuresOf, type FeatureGraph } from "./feature-graph.ts";
import { readPublishedGraph } from "./published-graph.ts";
import { backbones } from "./registry.ts";

/** Options of {@link readOwnFeatures}. */
export interface OwnOptions {
  /** Where published versions are looked for. */
  readonly store: ObjectStore;
  /** Pixels of the square input, for a model.json that leaves it open. */
  readonly size?: number | undefined;
  /** Told what of its input was taken for granted. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

const publishedRule = /^([^/@]+)@([^/@]+)$/;

/** Whether a text may name a net of the user's own: a file that is there, or `model@version`. */
export function mayBeOwnBackbone(text: string): boolean {
  return publishedRule.test(text) || existsSync(text);
}

/**
 * Takes the features out of a net of the user's own.
 * @param reference path of a .tflite file or a model.json, or `model@version` (an alias will do) of the store
 * @throws invalid_argument for a reference to nothing or another size, not_found for a version that is not there,
 *   unsupported_model for a net that pools no features, and what reading it throws
 */
export async function readOwnFeatures(reference: string, options: OwnOptions): Promise<FeatureGraph> {
  const features = await read(reference, options);
  const { size } = options;
  const { width, height } = features.input;
  if (width !== height) {
    throw new AppError(
      "unsupported_model",
      `${reference} takes ${width}x${height} pixels; allowed are squares`,
    );
  }
  if (size !== undefined && size !== width) {
    throw new AppError(
      "invalid_argument",
      `${reference} takes ${width} pixels a side, --size asks for ${size}; leave --size out`,
    );
  }
  return features;
}

async function read(reference: string, options: OwnOptions): Promise<FeatureGraph> {
  if (existsSync(reference)) return readFile(reference, options);
  const [, model, version] = publishedRule.exec(reference) ?? [];
  if (model !== undefined && version !== undefined) return readVersion(options.store, model, version);
  const names = backbones.map(({ name }) => name).join(", ");
  throw new AppError(
    "invalid_argument",
    `there is no backbone ${reference}; choose one of ${names}, the path of a .tflite file or a model.json, or ` +
      "model@version of the store",
  );
}

/** What a model.json leaves open is what its export is known to take, else what `import` takes unless told. */
async function readFile(path: string, { size, onNotice }: OwnOptions): Promise<FeatureGraph> {
  const { file, readFile: readBeside, known } = await readModelFile(path);
  const { pixels, channels, cropFraction } = known ?? assumedForm;
  const weights = new Map<string, Uint8Array>();
  const { converted, format } = await convertModel({
    file,
    readFile: async (name) => {
      const bytes = await readBeside(name);
      weights.set(name, bytes);
      return bytes;
    },
    assumptions: { pixels, size: size ?? null },
    channels,
  });
  const hash = createHash("sha256").update(file);
  for (const [, bytes] of [...weights].toSorted(([a], [b]) => (a < b ? -1 : 1))) hash.update(bytes);
  if (format === "tfjs") {
    onNotice?.(
      `${path} is taken to want pixels ${pixels}, channels ${channels}, crop ${cropFraction} ` +
        `(${known?.by ?? "it does not say"}); where it wants others, import it with those and name model@version`,
    );
  }
  const origin = {
    name: format === "tfjs" ? basename(dirname(resolve(path))) : basename(path),
    sha256: hash.digest("hex"),
    licence: "not stated",
  };
  const view = { ...importedView, cropFraction, ...importedPixels, codecSha256 };
  return featuresOf(converted.graph, origin, { ...converted.input, ...view });
}

async function readVersion(store: ObjectStore, model: string, reference: string): Promise<FeatureGraph> {
  const { graph, manifest, manifestSha256 } = await readPublishedGraph(store, model, reference);
  const { version, licence, input } = manifest;
  return featuresOf(graph, { name: `${model}@${version}`, sha256: manifestSha256, licence }, input);
}
