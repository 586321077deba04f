import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { type BackbonePlaces, cacheBackbone, findBackbone, hasBackbone, isFileOf } from "./find-backbone.ts";
import type { Backbone } from "./registry.ts";

/**
 * Brings the backbones that a store keeps into our cache, for machines that reach the store and nothing else.
 * @returns those that were not there before
 * @throws integrity_mismatch when the store keeps another file under the name of one
 */
export async function cacheStoredBackbones(
  store: ObjectStore,
  places: BackbonePlaces,
  backbones: readonly Backbone[],
): Promise<readonly Backbone[]> {
  const brought: Backbone[] = [];
  for (const backbone of backbones) {
    if (await hasBackbone(backbone, places)) continue;
    const stored = await store.get(objectKeys.backbone(backbone.file));
    if (stored.kind !== "found") continue;
    if (!isFileOf(backbone, stored.bytes)) {
      throw new AppError(
        "integrity_mismatch",
        `the store's ${objectKeys.backbone(backbone.file)} is not ${backbone.name}; upload it again`,
      );
    }
    await cacheBackbone(backbone, places, stored.bytes);
    brought.push(backbone);
  }
  return brought;
}

/**
 * Puts the file of a backbone into a store, from where {@link findBackbone} finds it.
 * @returns its key
 */
export async function storeBackbone(
  store: ObjectStore,
  backbone: Backbone,
  places: BackbonePlaces,
  onProgress?: (done: number, total: number) => void,
): Promise<string> {
  const key = objectKeys.backbone(backbone.file);
  const bytes = await findBackbone(backbone, places, onProgress === undefined ? {} : { onProgress });
  await store.put(key, bytes, { sha256: backbone.sha256 });
  return key;
}
