import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import { AppError } from "../../shared/contract/errors.ts";
import type { ImageSet } from "../data/image-set.ts";
import { type Embedder, everyIndex, type View } from "./embedder.ts";
import { type EmbeddingCache, openEmbeddingCache } from "./embedding-cache.ts";
import type { FeatureGraph } from "./feature-graph.ts";

/** Features of a dataset's images, each computed once and kept for later runs. */
export interface DatasetEmbedder {
  /** @returns `[N, size]` @param images of the dataset, decoded by the input spec of the features */
  embed(images: ImageSet, view?: View): Promise<Float32Array>;
  /** @returns `[N, size]` of images that were embedded before @throws internal when one was not */
  known(paths: readonly string[], view: View): Promise<Float32Array>;
  /** Images whose features were computed, not found. */
  readonly computed: () => number;
}

/** Options of {@link createDatasetEmbedder}. */
export interface DatasetEmbedderOptions {
  readonly dataset: Pick<DatasetManifest, "images">;
  readonly cacheFolder: string;
  /** Aborted, the features that are there are kept, and no more computed. */
  readonly signal: AbortSignal;
  /** Called as images are done, of one call of `embed`. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Images between two writes of the cache: what an interruption may cost. */
const imagesPerSave = 2048;

/** Puts a cache on disk before an embedder, keyed by image, net, input spec and {@link Embedder.fingerprint}. */
export function createDatasetEmbedder(
  features: FeatureGraph,
  embedder: Embedder,
  { dataset, cacheFolder, signal, onProgress }: DatasetEmbedderOptions,
): DatasetEmbedder {
  const sha256Of = new Map(dataset.images.map((image) => [image.path, image.sha256]));
  const caches = new Map<View, Promise<EmbeddingCache>>();
  const cacheOf = (view: View): Promise<EmbeddingCache> => {
    const { input, backbone } = features;
    const kind = { backbone: backbone.sha256, input, view, fingerprint: embedder.fingerprint };
    const opened = caches.get(view) ?? openEmbeddingCache(cacheFolder, kind, embedder.size);
    caches.set(view, opened);
    return opened;
  };
  const keysOf = (paths: readonly string[]): string[] => paths.map((path) => sha256Of.get(path) ?? "");
  let computed = 0;

  async function embed(images: ImageSet, view: View = "plain"): Promise<Float32Array> {
    const cache = await cacheOf(view);
    const keys = keysOf(images.paths);
    const missing = everyIndex(images).filter((index) => cache.find(keys[index] ?? "") === undefined);
    const found = keys.length - missing.length;
    for (let start = 0; start < missing.length; start += imagesPerSave) {
      const part = missing.slice(start, start + imagesPerSave);
      const rows = await embedder.embed(images, part, view, {
        signal,
        onImage: (done) => onProgress(found + start + done, keys.length),
      });
      const done = rows.length / embedder.size;
      for (let row = 0; row < done; row++) {
        const key = keys[part[row] ?? -1] ?? "";
        cache.add(key, rows.subarray(row * embedder.size, (row + 1) * embedder.size));
      }
      computed += done;
      await cache.save();
      if (signal.aborted) throw interrupted();
    }
    return gather(keys, cache, embedder.size);
  }

  return {
    embed,
    known: async (paths, view) => gather(keysOf(paths), await cacheOf(view), embedder.size),
    computed: () => computed,
  };
}

function gather(keys: readonly string[], cache: EmbeddingCache, size: number): Float32Array {
  const rows = new Float32Array(keys.length * size);
  for (const [place, key] of keys.entries()) {
    const row = cache.find(key);
    if (row === undefined) throw new AppError("internal", "the features of an image were not computed");
    rows.set(row, place * size);
  }
  return rows;
}

function interrupted(): AppError {
  return new AppError(
    "interrupted",
    "interrupted while the features of the images were computed; those that are done are kept, start it again to go on",
  );
}
