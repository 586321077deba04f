import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageCodec } from "../../shared/image/codec.ts";
import { loadCodec, loadJpegEncoder } from "../assets.ts";
import { openDecodePool } from "../data/decode-pool.ts";
import { inferOutputs } from "../evaluation/batch-inference.ts";
import { openInference } from "../engine/open-inference.ts";
import { importModel } from "../import/import-model.ts";
import { withBundle } from "../release/verify.ts";
import type { AuditedImage } from "./examination.ts";

/** Features of images for judging their labels. */
export interface LabelFeatures {
  /** Which net made them, or that none did. */
  readonly name: string;
  /** [N, size] row-major */
  readonly features: Float32Array;
}

/** Nets that the audit looks for in the folder of backbones, the best first, and how many images it gives each. */
const backbones = [
  { file: "mobilenet_v2_1.0_224_quant.tflite", classes: 1001, mostImages: 2000 },
  { file: "mobilenet_v1_0.5_160_quant.tflite", classes: 1001, mostImages: 10_000 },
  { file: "mobilenet_v1_0.25_128_quant.tflite", classes: 1001, mostImages: 100_000 },
] as const;

const cheapName = "gradients and colours, no net";

/**
 * Embeddings by the best backbone in `$EDGEWISE_BACKBONES` that is quick enough for so many images, else the features
 * that need no net.
 * @param backbonesFolder `undefined` where there is none
 */
export async function labelFeatures(
  images: readonly AuditedImage[],
  backbonesFolder: string | undefined,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<LabelFeatures> {
  for (const { file, classes, mostImages } of backbones) {
    if (backbonesFolder === undefined || images.length > mostImages) continue;
    const bytes = await readFile(join(backbonesFolder, file)).catch(() => null);
    if (bytes === null) continue;
    const name = file.replace(/\.tflite$/, "");
    return { name, features: await embed(images, new Uint8Array(bytes), classes, onProgress) };
  }
  const size = images[0]?.features.length ?? 0;
  const features = new Float32Array(images.length * size);
  for (const [i, image] of images.entries()) features.set(image.features, i * size);
  return { name: cheapName, features };
}

/** Images that are embedded between two looks at the progress. */
const stepImages = 64;

async function embed(
  images: readonly AuditedImage[],
  file: Uint8Array,
  classes: number,
  onProgress: (done: number, total: number) => void,
): Promise<Float32Array> {
  await openInference();
  const codec = loadCodec();
  const bundle = await openBackbone(file, classes, codec);
  const pool = openDecodePool();
  try {
    return await withBundle(bundle, codec, async (classifier) => {
      const size = classifier.manifest.outputs.embedding?.size ?? 0;
      const embeddings = new Float32Array(images.length * size);
      for (let start = 0; start < images.length; start += stepImages) {
        const part = images.slice(start, start + stepImages);
        const { width, height } = classifier.manifest.input;
        const pixels = await pool.decode(
          part.map((image) => image.range),
          { ...classifier.manifest.input, fit: "stretch", cropFraction: 1 },
        );
        const outputs = inferOutputs(classifier, {
          width,
          height,
          images: pixels,
          labels: new Int32Array(part.length),
          classes,
          paths: part.map((image) => image.path),
        });
        embeddings.set(outputs.embeddings ?? new Float32Array(), start * size);
        onProgress(start + part.length, images.length);
      }
      return embeddings;
    });
  } finally {
    await pool.close();
  }
}

/** A net as a bundle whose classes nobody asks for. */
function openBackbone(file: Uint8Array, classes: number, codec: ImageCodec): ReturnType<typeof importModel> {
  const labels = Array.from({ length: classes }, (_, c) => `class ${c}`).join("\n");
  return importModel({
    file,
    labelFile: new TextEncoder().encode(labels),
    model: "backbone",
    licence: "not stated",
    provenance: {
      runId: "audit",
      startedAt: new Date(0).toISOString(),
      dataset: null,
      datasetVersion: null,
      datasetDigest: null,
      configDigest: "0".repeat(64),
      seed: 1,
      engine: "none",
      packages: {},
      gitCommit: null,
    },
    codec,
    encodeJpeg: loadJpegEncoder(),
    now: () => new Date(0),
  });
}
