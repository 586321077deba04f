import type { ModelManifest } from "../../shared/contract/manifest.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";
import { imagePixels } from "../data/image-set.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import { groupDuplicates } from "../audit/find-duplicates.ts";
import { type IndexedDataset, readImage } from "../data/dataset-index.ts";
import { spreadEvenly } from "../data/spread-evenly.ts";
import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { type LabelledImage, splitImages } from "../evaluation/labelled-image.ts";
import { topClass } from "../evaluation/probability-quality.ts";
import { rankedCuts, thinned } from "../evaluation/ranking.ts";
import { type BundleStudy, studyBundle } from "../evaluation/study-bundle.ts";
import type { EpochMetrics } from "../training/training-request.ts";
import { overlayActivation } from "./activation-overlay.ts";
import type { ClassCurve, DuplicatePictures, ReportFacts, ReportItem, TopLoss } from "./report-facts.ts";
import { createThumbnails, type Thumbnails, toDataUri } from "./thumbnails.ts";

/** What a report is made of. */
export interface ReportRequest {
  readonly manifest: ModelManifest;
  readonly classifier: Classifier;
  readonly evaluation: Evaluation;
  readonly comparison: ReportFacts["comparison"];
  readonly dataset: IndexedDataset;
  readonly epochs: readonly EpochMetrics[];
  readonly codec: ImageCodec;
  readonly encodeJpeg: JpegEncoder;
  readonly onProgress?: (phase: "evaluate" | "robustness", done: number, total: number) => void;
}

const limits = { side: 96, mostImages: 700, mostBytes: 3_000_000 };
const mostItems = 2000;
const mostTopLosses = 24;
const mostDuplicateGroups = 12;
const mostCurves = 30;
/** Images whose accuracy the sweeps measure: as many as take some 15 seconds, and no more than show 10 points. */
const robustness = { fewest: 20, most: 100, milliseconds: 15_000, sweeps: 21 };

/** Runs the bundle on the test split once more and gathers what a report shows of it; see {@link studyBundle}. */
export async function collectReport(request: ReportRequest): Promise<ReportFacts> {
  const { manifest, classifier, dataset, codec, encodeJpeg, onProgress } = request;
  const images = spreadEvenly(splitImages(dataset, "test"), mostItems);
  const study = await studyBundle({
    classifier,
    images,
    codec,
    encodeJpeg,
    robustnessImages: sweptImages,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const thumbnails = createThumbnails(codec, encodeJpeg, limits);
  // First, since the many answers take all pictures that are left.
  const duplicates = await findDuplicatePictures(dataset, thumbnails);
  const { items, pictures } = await describeItems(images, study, thumbnails);
  return {
    manifest,
    evaluation: request.evaluation,
    comparison: request.comparison,
    dataset: dataset.manifest,
    epochs: request.epochs,
    items,
    pictures,
    topLosses: await findTopLosses(request, images, items, study),
    duplicates,
    curves: classCurves(study),
    slices: study.slices,
    robustness: study.robustness,
    latencyMs: study.answers.latencyMs,
    bundleBytes: manifest.files
      .filter(({ path }) => path.endsWith(".bin") || path === "model.json")
      .reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function sweptImages(latencyMs: number): number {
  const affordable = Math.floor(robustness.milliseconds / (robustness.sweeps * Math.max(latencyMs, 0.1)));
  return Math.min(robustness.most, Math.max(robustness.fewest, affordable));
}

/** The answers with pictures: mistakes first, the surest before others, then right answers of every class in turn. */
async function describeItems(
  images: readonly LabelledImage[],
  { answers, evaluation }: BundleStudy,
  thumbnails: Thumbnails,
): Promise<Pick<ReportFacts, "items" | "pictures">> {
  const classes = evaluation.labels.length;
  const { probabilities } = answers;
  const items = images.map(({ path, classIndex: actual }, i): ReportItem => {
    const predicted = topClass(probabilities, i * classes, classes);
    const probabilityOf = (classIndex: number): number => probabilities[i * classes + classIndex] ?? 0;
    return {
      path,
      actual,
      predicted,
      probability: probabilityOf(predicted),
      actualProbability: probabilityOf(actual),
      picture: -1,
    };
  });
  const seenOfClass = new Map<number, number>();
  const turnOf = items.map(({ actual, predicted, probability }) => {
    if (actual !== predicted) return -probability;
    const turn = seenOfClass.get(actual) ?? 0;
    seenOfClass.set(actual, turn + 1);
    return 1 + turn;
  });
  const order = [...items.keys()].toSorted((a, b) => (turnOf[a] ?? 0) - (turnOf[b] ?? 0));
  const pictures: string[] = [];
  const pictureOf = new Map<number, number>();
  for (const i of order) {
    const image = images[i];
    const picture = image === undefined ? null : await thumbnails.of(image.path, () => image.read());
    if (picture !== null) pictureOf.set(i, pictures.push(picture) - 1);
  }
  return { items: items.map((item, i) => ({ ...item, picture: pictureOf.get(i) ?? -1 })), pictures };
}

async function findTopLosses(
  { classifier, encodeJpeg }: ReportRequest,
  images: readonly LabelledImage[],
  items: readonly ReportItem[],
  { set }: BundleStudy,
): Promise<TopLoss[]> {
  const hardest = [...items.keys()]
    .toSorted((a, b) => (items[a]?.actualProbability ?? 0) - (items[b]?.actualProbability ?? 0))
    .slice(0, mostTopLosses);
  const losses: TopLoss[] = [];
  for (const i of hardest) {
    const item = items[i];
    const image = images[i];
    if (item === undefined || image === undefined) continue;
    const seen = { width: set.width, height: set.height, data: imagePixels(set, i) };
    const grid = explain(classifier, await image.read());
    losses.push({
      item,
      seen: toDataUri(encodeJpeg(seen, 75)),
      overlay: grid === null ? null : toDataUri(encodeJpeg(overlayActivation(seen, grid), 75)),
    });
  }
  return losses;
}

function explain(classifier: Classifier, bytes: Uint8Array): Parameters<typeof overlayActivation>[1] | null {
  if (classifier.manifest.outputs.featureMap === undefined) return null;
  try {
    return classifier.classify(bytes, { explain: "cam" }).explanation ?? null;
  } catch {
    // A model built in another way has no such map; the report says so.
    return null;
  }
}

async function findDuplicatePictures(
  dataset: IndexedDataset,
  thumbnails: Thumbnails,
): Promise<DuplicatePictures[]> {
  const compared = dataset.manifest.images.map((image) => ({ ...image, givenSplit: null, contrast: 255 }));
  const groups = groupDuplicates(compared).toSorted((a, b) => labelsOf(b) - labelsOf(a));
  const described: DuplicatePictures[] = [];
  for (const { images } of groups.slice(0, mostDuplicateGroups)) {
    const pictures = [];
    for (const { path, label, split } of images.slice(0, 6)) {
      const picture = await thumbnails.of(path, () => readImage(dataset, path));
      pictures.push({ path, label, split, picture });
    }
    described.push({ images: pictures });
  }
  return described;
}

function labelsOf({ images }: { readonly images: readonly { readonly label: string }[] }): number {
  return new Set(images.map(({ label }) => label)).size;
}

function classCurves({ answers, evaluation, set }: BundleStudy): ClassCurve[] {
  const { labels } = evaluation;
  return labels.slice(0, mostCurves).flatMap((label, c): ClassCurve[] => {
    const scores = Float32Array.from(set.labels, (_, i) => answers.probabilities[i * labels.length + c] ?? 0);
    const cuts = rankedCuts(
      scores,
      set.labels.map((actual) => Number(actual === c)),
    );
    return cuts === null ? [] : [{ label, cuts: thinned(cuts, 60) }];
  });
}
