import { access } from "node:fs/promises";
import { join } from "node:path";
import { backbonePlaces } from "../backbones/find-backbone.ts";
import { openBackbone } from "../backbones/open-backbone.ts";
import { type Backbone, backbones } from "../backbones/registry.ts";
import { openDecodePool } from "../data/decode-pool.ts";
import type { AuditedImage } from "./examination.ts";

/** Features of images for judging their labels. */
export interface LabelFeatures {
  /** Which net made them, or that none did. */
  readonly name: string;
  /** [N, size] row-major */
  readonly features: Float32Array;
}

/** Multiply-accumulates that an audit may spend on features: a minute or so on one core. */
const mostMacs = 1e12;

const cheapName = "gradients and colours, no net";

/**
 * Embeddings by the best backbone that is on this machine and quick enough for so many images, else the features that
 * need no net. Downloads nothing.
 */
export async function labelFeatures(
  images: readonly AuditedImage[],
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<LabelFeatures> {
  for (const backbone of backbones) {
    if (backbone.macs * images.length > mostMacs || !(await isHere(backbone))) continue;
    return { name: backbone.name, features: await embed(images, backbone, onProgress) };
  }
  const size = images[0]?.features.length ?? 0;
  const features = new Float32Array(images.length * size);
  for (const [i, image] of images.entries()) features.set(image.features, i * size);
  return { name: cheapName, features };
}

async function isHere({ file }: Backbone): Promise<boolean> {
  const { folder, cache } = backbonePlaces();
  for (const place of [folder, cache]) {
    if (place === null) continue;
    const found = await access(join(place, file)).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/** Images that are decoded at a time. */
const stepImages = 64;

async function embed(
  images: readonly AuditedImage[],
  backbone: Backbone,
  onProgress: (done: number, total: number) => void,
): Promise<Float32Array> {
  const { features, embedder } = await openBackbone(backbone);
  const pool = openDecodePool();
  try {
    const embeddings = new Float32Array(images.length * embedder.size);
    for (let start = 0; start < images.length; start += stepImages) {
      const part = images.slice(start, start + stepImages);
      const set = {
        width: features.input.width,
        height: features.input.height,
        images: await pool.decode(
          part.map((image) => image.range),
          features.input,
        ),
        labels: new Int32Array(part.length),
        classes: 1,
        paths: part.map((image) => image.path),
      };
      embeddings.set(await embedder.embed(set, [...part.keys()], "plain"), start * embedder.size);
      onProgress(start + part.length, images.length);
    }
    return embeddings;
  } finally {
    embedder.dispose();
    await pool.close();
  }
}
