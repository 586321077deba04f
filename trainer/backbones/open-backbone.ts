import { backbonePlaces, findBackbone } from "./find-backbone.ts";
import { type Embedder, openEmbedder } from "./embedder.ts";
import { type FeatureGraph, readFeatures } from "./feature-graph.ts";
import type { Backbone } from "./registry.ts";

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
