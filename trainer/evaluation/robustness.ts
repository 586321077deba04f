import type { Classifier } from "../../shared/inference/classifier.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";
import { imagePixels, type ImageSet } from "../data/image-set.ts";
import { inferLogits } from "./batch-inference.ts";
import { countedShare } from "./evaluate-outputs.ts";
import type { CountedShare } from "./evaluation-record.ts";
import { createPerturbations } from "./perturbations.ts";
import { topClass } from "./probability-quality.ts";

/** Top-1 accuracy of a bundle on images that were spoilt in one way, by strength. */
export interface RobustnessSweep {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly (CountedShare & { readonly level: number })[];
}

/** What a bundle keeps of its accuracy. */
export interface Robustness {
  /** The same images unspoilt. */
  readonly clean: CountedShare;
  readonly sweeps: readonly RobustnessSweep[];
}

/** What the sweeps need. */
export interface RobustnessRequest {
  readonly classifier: Classifier;
  /** At the size of the bundle's input. */
  readonly set: ImageSet;
  readonly codec: ImageCodec;
  readonly encodeJpeg: JpegEncoder;
  readonly onProgress?: (done: number, total: number) => void;
}

/** How a bundle's top-1 accuracy falls as images get worse: JPEG, blur, noise, brightness, rotation. */
export function measureRobustness(request: RobustnessRequest): Robustness {
  const { classifier, set, codec, encodeJpeg, onProgress } = request;
  const perturbations = createPerturbations(codec, encodeJpeg);
  const total = perturbations.reduce((sum, { levels }) => sum + levels.length, 1);
  let done = 0;
  const measure = (images: ImageSet): CountedShare => {
    const share = top1Of(classifier, images);
    done += 1;
    onProgress?.(done, total);
    return share;
  };
  const clean = measure(set);
  const sweeps = perturbations.map(({ name, unit, levels, apply }) => ({
    name,
    unit,
    points: levels.map((level) => ({
      level,
      ...measure(spoil(set, (pixels, i) => apply(pixels, level, i))),
    })),
  }));
  return { clean, sweeps };
}

function top1Of(classifier: Classifier, set: ImageSet): CountedShare {
  const logits = inferLogits(classifier, set);
  const right = set.labels.filter(
    (label, i) => topClass(logits, i * set.classes, set.classes) === label,
  ).length;
  return countedShare(right, set.labels.length);
}

function spoil(
  set: ImageSet,
  change: (
    image: { readonly width: number; readonly height: number; readonly data: Uint8Array },
    index: number,
  ) => { readonly data: Uint8Array },
): ImageSet {
  const { width, height } = set;
  const images = new Uint8Array(set.images.length);
  for (const i of set.labels.keys()) {
    images.set(change({ width, height, data: imagePixels(set, i) }, i).data, i * width * height * 3);
  }
  return { ...set, images };
}
