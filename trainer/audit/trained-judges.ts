import { openDecodePool } from "../data/decode-pool.ts";
import { type ImageSet, imagePixels } from "../data/image-set.ts";
import { openEngine } from "../engine/open-engine.ts";
import { buildModel } from "../model/build-model.ts";
import { augmentations } from "../training/defaults.ts";
import { inputSpecFor, pixelSpec } from "../training/input-spec.ts";
import { trainModel } from "../training/train-model.ts";
import { predictLogits } from "../training/validate.ts";
import type { AuditedImage } from "./examination.ts";
import { drawFolds, type FoldedImages, labelsOf, scatterRows } from "./out-of-fold.ts";

/** With fewer images a net of one's own learns nothing worth its time. */
export const leastForTraining = 400;

/**
 * Sides of nets, each with the largest typical side of images it is for, its width, and the images that all trainings
 * together may visit: about a minute of one core.
 */
const nets = [
  { size: 32, largestSide: 48, width: 1, visits: 60_000 },
  { size: 64, largestSide: Infinity, width: 1, visits: 24_000 },
] as const;

const folds = 2;
const fewestEpochs = 3;
const mostEpochs = 20;
/** One in so many images that a net learns from tells which of its epochs was the best. */
const validationStep = 10;

/**
 * The logits of each image by a small net that was trained on the other half of the images: it learns what to look for,
 * where features that were made for nothing in particular miss it.
 * @returns [N, C]
 */
export async function judgeByTraining(
  images: readonly AuditedImage[],
  folded: FoldedImages,
  onProgress: (done: number, total: number) => void,
): Promise<Float32Array> {
  const { labels, classes, seed } = folded;
  const { size, width, visits } = netFor(images);
  const epochs = Math.min(mostEpochs, Math.max(fewestEpochs, Math.round(visits / images.length)));
  const pixels = await decode(images, folded, size);
  const engine = await openEngine("wasm");
  await engine.activate();
  const logits = new Float32Array(labels.length * classes);
  for (const [fold, { learnt, judged }] of drawFolds(folded, folds).entries()) {
    const train = part(
      pixels,
      learnt.filter((_, at) => at % validationStep !== 0),
    );
    const inputSpec = inputSpecFor(pixelSpec(size), train);
    const model = buildModel("small-cnn", { size, classes, seed: seed + fold, width });
    try {
      await trainModel({
        engine,
        model,
        train,
        validation: part(
          pixels,
          learnt.filter((_, at) => at % validationStep === 0),
        ),
        inputSpec,
        config: recipe(seed, epochs, train.labels.length),
        onProgress: ({ step, totalSteps }) => onProgress(fold * totalSteps + step, folds * totalSteps),
      });
      scatterRows(logits, predictLogits(model, part(pixels, judged), inputSpec), judged);
    } finally {
      model.dispose();
    }
  }
  return logits;
}

function netFor(images: readonly AuditedImage[]): (typeof nets)[number] {
  const sides = images.map(({ width, height }) => Math.min(width, height)).toSorted((a, b) => a - b);
  const middle = sides[Math.floor(sides.length / 2)] ?? 0;
  return nets.find(({ largestSide }) => middle <= largestSide) ?? nets[1];
}

/** That of nets from scratch, but without an early end: wrong labels are learnt last. */
function recipe(seed: number, epochs: number, examples: number): Parameters<typeof trainModel>[0]["config"] {
  const batchSize = 32;
  return {
    seed,
    epochs,
    batchSize,
    learningRate: 5e-3,
    warmupSteps: Math.min(100, Math.ceil((epochs * examples) / batchSize / 10)),
    schedule: "cosine",
    weightDecay: 0.05,
    labelSmoothing: 0.05,
    augmentation: augmentations.light,
    patience: epochs,
  };
}

async function decode(
  images: readonly AuditedImage[],
  { labels, classes }: FoldedImages,
  size: number,
): Promise<ImageSet> {
  const pool = openDecodePool();
  try {
    const ranges = images.map((image) => image.range);
    const pixels = await pool.decode(ranges, pixelSpec(size));
    return {
      width: size,
      height: size,
      images: pixels,
      labels,
      classes,
      paths: images.map(({ path }) => path),
    };
  } finally {
    await pool.close();
  }
}

function part(set: ImageSet, indices: readonly number[]): ImageSet {
  const images = new Uint8Array(indices.length * set.width * set.height * 3);
  for (const [at, index] of indices.entries()) {
    const pixels = imagePixels(set, index);
    images.set(pixels, at * pixels.length);
  }
  const paths = indices.map((index) => set.paths[index] ?? "");
  return { ...set, images, labels: labelsOf(set.labels, indices), paths };
}
