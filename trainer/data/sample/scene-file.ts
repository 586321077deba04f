import type { JpegEncoder } from "../../../shared/image/encoder.ts";
import { createChance } from "./chance.ts";
import { drawScene, type SceneLabel } from "./draw-scene.ts";

/** One picture of the sample dataset. */
export interface SceneName {
  readonly seed: number;
  readonly label: SceneLabel;
  /** Number of the picture in its class, from 0. */
  readonly index: number;
}

/** Where a picture lies in the dataset: `person/person-0007.jpg`. */
export function scenePath({ label, index }: SceneName): string {
  return `${label}/${label}-${String(index).padStart(4, "0")}.jpg`;
}

/** A picture as JPEG, of a quality that cameras use; the same bytes on every machine. */
export function encodeScene({ seed, label, index }: SceneName, encode: JpegEncoder): Uint8Array {
  const quality = Math.floor(createChance(seed, `${label}/${index}/quality`).between(60, 93));
  return encode(drawScene(seed, label, index), quality);
}
