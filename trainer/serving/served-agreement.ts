import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import type { LabelledImage, OnImage } from "../evaluation/labelled-image.ts";
import { topClass } from "../evaluation/probability-quality.ts";

/** What a running Worker answered for labelled images, next to what the evaluated bundle said of the same. */
export interface ServedAgreement {
  readonly images: number;
  /** Share of the images with the right top class, over HTTP. */
  readonly top1Accuracy: number;
  /** Share of the images for which the Worker gave the bundle's probabilities, within `probabilityTolerance`. */
  readonly servedAgreement: number;
  /** Largest difference of any class's probability. */
  readonly maxProbabilityDelta: number;
  /** Paths of the images whose answers differ. */
  readonly disagreeing: readonly string[];
}

/** What the evaluated bundle said. */
export interface EvaluatedAnswers {
  readonly version: string;
  /** [N, C] row-major, in the order of the files. */
  readonly probabilities: Float32Array;
  readonly classes: number;
}

/** Same WASM, same weights, same bytes: only the last digits of `exp` may differ between JavaScript engines. */
const probabilityTolerance = 1e-6;

/** Requests under way at once; the Worker has one thread, a second keeps it from waiting. */
const requestsAtOnce = 2;

const answerSchema = z.object({
  version: z.string(),
  predictions: z.array(z.object({ classIndex: z.int(), probability: z.number() })),
});

/**
 * Posts images to a Worker and compares its answers with those of the bundle that was evaluated.
 * @param url origin of the Worker
 * @throws internal when the Worker refuses an image or serves another version
 */
export async function compareServed(
  url: string,
  files: readonly LabelledImage[],
  evaluated: EvaluatedAnswers,
  onImage: OnImage = () => undefined,
): Promise<ServedAgreement> {
  const { classes } = evaluated;
  const disagreeing: string[] = [];
  let correct = 0;
  let maxProbabilityDelta = 0;
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < files.length; index = next++) {
      const file = files[index];
      if (file === undefined) return;
      const served = await classify(url, file, evaluated);
      const expected = evaluated.probabilities.subarray(index * classes, (index + 1) * classes);
      const delta = largestDelta(served, expected);
      maxProbabilityDelta = Math.max(maxProbabilityDelta, delta);
      if (delta > probabilityTolerance) disagreeing.push(file.path);
      if (topClass(served, 0, classes) === file.classIndex) correct++;
      onImage(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, work));
  const images = files.length;
  return {
    images,
    top1Accuracy: correct / Math.max(images, 1),
    servedAgreement: (images - disagreeing.length) / Math.max(images, 1),
    maxProbabilityDelta,
    disagreeing: disagreeing.toSorted(),
  };
}

/** The Worker's probability of every class. */
async function classify(
  url: string,
  file: LabelledImage,
  evaluated: EvaluatedAnswers,
): Promise<Float32Array> {
  const response = await fetch(`${url}/classify?topK=${evaluated.classes}`, {
    method: "POST",
    // The Worker goes by the bytes; the type only says that this is a raw image.
    headers: { "content-type": "image/jpeg" },
    body: new Uint8Array(await file.read()),
  });
  if (!response.ok) {
    const detail = (await response.text()).slice(0, 500);
    throw new AppError("internal", `the Worker answered ${response.status} for ${file.path}: ${detail}`);
  }
  const answer = parseWith(answerSchema, await response.json(), "the Worker's answer", "internal");
  if (answer.version !== evaluated.version) {
    throw new AppError(
      "internal",
      `the Worker serves version ${answer.version}, ${evaluated.version} was evaluated; see its /health/ready`,
    );
  }
  const probabilities = new Float32Array(evaluated.classes);
  for (const { classIndex, probability } of answer.predictions) probabilities[classIndex] = probability;
  return probabilities;
}

function largestDelta(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (const [index, value] of a.entries()) largest = Math.max(largest, Math.abs(value - (b[index] ?? 0)));
  return largest;
}
