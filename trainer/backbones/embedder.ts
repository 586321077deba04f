import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { AppError } from "../../shared/contract/errors.ts";
import { normalize } from "../../shared/image/normalize.ts";
import { openBundle } from "../../shared/inference/bundle.ts";
import { createClassifier } from "../../shared/inference/classifier.ts";
import { loadCodec } from "../assets.ts";
import { type ImageSet, imageCount, imagePixels } from "../data/image-set.ts";
import { openInference } from "../engine/open-inference.ts";
import { bundleSource } from "../release/assemble.ts";
import { drawScene } from "../release/golden-images.ts";
import { standInBundle } from "../release/stand-in-bundle.ts";
import { stream } from "../training/random.ts";
import { drawView, renderView } from "../training/views.ts";
import { attachHead, type FeatureGraph } from "./feature-graph.ts";

/**
 * A change of every image before its features are taken: as it is, mirrored left and right, or another part and light
 * of each, drawn by the seed, the number and the image itself.
 */
export type View = "plain" | "mirrored" | `${"upright" | "either-way"}/${number}/${number}`;

/** Options of {@link Embedder.embed}. */
export interface EmbedOptions {
  readonly signal?: AbortSignal;
  /** Called after each image. */
  readonly onImage?: (done: number) => void;
}

/** A backbone in the memory of the inference core that serves. */
export interface Embedder {
  /** Numbers for each image. */
  readonly size: number;
  /** Hex digest of the features of a drawn image: another one means other code, weights or machine. */
  readonly fingerprint: string;
  /** Milliseconds that one image takes, measured. */
  readonly imageMs: number;
  /**
   * The features of some images of a set, one at a time as a Worker has them.
   * @param indices of the images
   * @returns `[indices.length, size]`; fewer rows when the signal aborted it
   */
  embed(set: ImageSet, indices: readonly number[], view: View, options?: EmbedOptions): Promise<Float32Array>;
  /** Frees its memory. */
  dispose(): void;
}

/** Images between two chances for other work, such as the handling of Ctrl-C. */
const imagesAtOnce = 8;

/**
 * Loads a backbone as the Worker loads a bundle. Makes the WASM backend compute.
 * @throws what {@link openBundle} throws, budget_exceeded for one that no Worker could hold
 */
export async function openEmbedder(features: FeatureGraph): Promise<Embedder> {
  await openInference();
  const { size } = features.embedding;
  const graph = attachHead(features, { weights: new Float32Array(2 * size), bias: new Float32Array(2) });
  const bundle = await standInBundle(graph, features.input);
  const classifier = createClassifier(await openBundle(bundleSource(bundle)), loadCodec());
  const { input } = features;
  const buffer = new Float32Array(input.width * input.height * 3);

  function embedOne(pixels: Uint8Array): Float32Array {
    const image = { width: input.width, height: input.height, data: pixels };
    const { embedding } = classifier.infer(normalize(image, input, buffer), 1, { embedding: true });
    if (embedding !== undefined) return embedding;
    throw new AppError("internal", "the graph gave no embedding although it was asked for");
  }

  const scene = drawScene(1, input.width, input.height).data;
  const drawn = embedOne(scene).slice();
  return {
    size,
    fingerprint: createHash("sha256").update(new Uint8Array(drawn.buffer)).digest("hex"),
    imageMs: medianMs(() => embedOne(scene)),
    embed: async (set, indices, view, { signal, onImage } = {}) => {
      const rows = new Float32Array(indices.length * size);
      for (const [done, index] of indices.entries()) {
        if (done % imagesAtOnce === 0) await setImmediate();
        if (signal?.aborted === true) return rows.slice(0, done * size);
        const pixels = imagePixels(set, index);
        rows.set(embedOne(look(pixels, set.width, view)), done * size);
        onImage?.(done + 1);
      }
      return rows;
    },
    dispose: () => classifier.dispose(),
  };
}

function medianMs(work: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).toSorted((a, b) => a - b);
  return times[1] ?? 0;
}

/** Every index of a set. */
export function everyIndex(set: ImageSet): number[] {
  return Array.from({ length: imageCount(set) }, (_, index) => index);
}

/** @param pixels `[side, side, 3]`, where the view is a random one */
function look(pixels: Uint8Array, side: number, view: View): Uint8Array {
  if (view === "plain") return pixels;
  if (view === "mirrored") return mirrored(pixels, side);
  const image = createHash("sha256").update(pixels).digest("hex");
  const drawn = drawView(stream(0, `${view}/${image}`));
  const change = view.startsWith("upright") ? { ...drawn, mirrored: false } : drawn;
  return renderView({ width: side, height: side, data: pixels }, change, side);
}

/** @param pixels `[height, width, 3]` */
function mirrored(pixels: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (let start = 0; start < pixels.length; start += 3 * width) {
    for (let x = 0; x < width; x++) {
      const from = start + 3 * (width - 1 - x);
      out.set(pixels.subarray(from, from + 3), start + 3 * x);
    }
  }
  return out;
}
