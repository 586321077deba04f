import { AppError } from "../../shared/contract/errors.ts";
import { type Embedder, openEmbedder } from "./embedder.ts";
import { type FeatureGraph, readFeatures } from "./feature-graph.ts";
import { backbonePlaces, findBackbone } from "./find-backbone.ts";
import { type OwnOptions, readOwnFeatures } from "./own-backbone.ts";
import { type Backbone, backbones } from "./registry.ts";

/** A backbone that is ready to describe images. */
export interface OpenBackbone {
  readonly features: FeatureGraph;
  /** Whoever opened it disposes of it. */
  readonly embedder: Embedder;
}

/** Options of {@link openBackbone}. */
export interface OpenOptions {
  /** Pixels of the square input. @default the size it was trained with */
  readonly size?: number | undefined;
  readonly onDownload?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Options of {@link openNamed}. */
export interface OpenNamedOptions extends OpenOptions, OwnOptions {
  /** What a run began with, of a net of the user's own. */
  readonly sha256?: string | undefined;
}

/** Finds a backbone's file and loads it; see {@link findBackbone} and {@link openEmbedder} for what they throw. */
export async function openBackbone(
  backbone: Backbone,
  { size, onDownload, signal }: OpenOptions = {},
): Promise<OpenBackbone> {
  const file = await findBackbone(backbone, backbonePlaces(), {
    ...(onDownload === undefined ? {} : { onProgress: onDownload }),
    ...(signal === undefined ? {} : { signal }),
  });
  const features = readFeatures(backbone, file, size);
  return { features, embedder: await openEmbedder(features) };
}

/**
 * Loads the backbone that a user named: one of the registry, else a net of his own, as {@link readOwnFeatures} takes it.
 * @throws integrity_mismatch for another net than the run began with, and what these throw
 */
export async function openNamed(name: string, options: OpenNamedOptions): Promise<OpenBackbone> {
  const registered = backbones.find((backbone) => backbone.name === name);
  if (registered !== undefined) return openBackbone(registered, options);
  const { sha256 } = options;
  const features = await readOwnFeatures(name, options);
  const { backbone } = features;
  if (sha256 !== undefined && sha256 !== backbone.sha256) {
    throw new AppError(
      "integrity_mismatch",
      `backbone ${name} has sha256 ${backbone.sha256}, the run began with ${sha256}; bring that net back or begin a new run`,
    );
  }
  return { features, embedder: await openEmbedder(features) };
}
