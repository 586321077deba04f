import type { ModelManifest } from "../../shared/contract/manifest.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import { groupDuplicates } from "../audit/find-duplicates.ts";
import { type IndexedDataset, readImage } from "../data/dataset-index.ts";
import type { MetadataColumn } from "../data/metadata-table.ts";
import type { CrossValidation } from "../evaluation/cross-validation-record.ts";
import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { type LabelledImage, splitImages } from "../evaluation/labelled-image.ts";
import { topClass } from "../evaluation/probability-quality.ts";
import { rankedCuts, thinned } from "../evaluation/ranking.ts";
import { type BundleStudy, type StudyPhase, studyBundle } from "../evaluation/study-bundle.ts";
import type { EpochMetrics } from "../training/training-request.ts";
import { type Answer, chooseImages } from "./choose-images.ts";
import { confusionCells, type ConfusionCells } from "./confusion-cells.ts";
import { overlayActivation } from "./activation-overlay.ts";
import type { ClassCurve, DuplicatePictures, ReportFacts, ReportItem, TopLoss } from "./report-facts.ts";
import { createGallery, createThumbnails, type Gallery, toDataUri } from "./thumbnails.ts";

/** What a report is made of. */
export interface ReportRequest {
  readonly manifest: ModelManifest;
  readonly classifier: Classifier;
  readonly evaluation: Evaluation;
  readonly comparison: ReportFacts["comparison"];
  readonly dataset: IndexedDataset;
  readonly epochs: readonly EpochMetrics[];
  /** What the user tells of the images, to part them by. */
  readonly metadata?: readonly MetadataColumn[] | undefined;
  readonly crossValidation: CrossValidation | null;
  readonly codec: ImageCodec;
  readonly encodeJpeg: JpegEncoder;
  readonly onProgress?: (phase: StudyPhase, done: number, total: number) => void;
}

const thumbnailLimits = { side: 96, mostImages: 980, mostBytes: 4_000_000 };
const shownImages = { mistakes: 640, aCell: 60, hardest: 24, all: 900 };
const mostDuplicateGroups = 12;
const mostCurves = 30;
/** Images whose accuracy the sweeps measure: as many as take some 15 seconds, and no more than show 10 points. */
const robustness = { fewest: 20, most: 100, milliseconds: 15_000, sweeps: 21 };

/** Runs the bundle on the test split once more and gathers what a report shows of it; see {@link studyBundle}. */
export async function collectReport(request: ReportRequest): Promise<ReportFacts> {
  const { manifest, classifier, dataset, codec, encodeJpeg, onProgress } = request;
  const images = splitImages(dataset, "test");
  const study = await studyBundle({
    classifier,
    images,
    codec,
    encodeJpeg,
    robustnessImages: sweptImages,
    metadata: request.metadata,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const answers = describeAnswers(images, study, confusionCells(request.evaluation).keyOf);
  const chosen = chooseImages(answers, shownImages);
  const gallery = createGallery(createThumbnails(codec, encodeJpeg, thumbnailLimits));
  // First, since the answers take all pictures that are left.
  const duplicates = await findDuplicatePictures(dataset, gallery);
  const items: ReportItem[] = [];
  for (const row of chosen.shown) {
    const [answer, image] = [answers[row], images[row]];
    if (answer === undefined || image === undefined) continue;
    const picture = await gallery.add(image.path, () => image.read());
    if (picture !== null) items.push({ ...answer, picture });
  }
  const topLosses: TopLoss[] = [];
  for (const row of chosen.hardest) {
    const [answer, image] = [answers[row], images[row]];
    if (answer !== undefined && image !== undefined) {
      topLosses.push(await describeHardest(request, answer, image));
    }
  }
  return {
    manifest,
    evaluation: request.evaluation,
    comparison: request.comparison,
    dataset: dataset.manifest,
    epochs: request.epochs,
    answers,
    crossValidation: request.crossValidation,
    items,
    mostItems: { aCell: shownImages.aCell, all: shownImages.all },
    pictures: gallery.pictures,
    topLosses,
    duplicates,
    curves: classCurves(images, study),
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

function describeAnswers(
  images: readonly LabelledImage[],
  { answers, evaluation }: BundleStudy,
  keyOf: ConfusionCells["keyOf"],
): Answer[] {
  const classes = evaluation.labels.length;
  return images.map(({ path, classIndex: actual }, i) => {
    const predicted = topClass(answers.probabilities, i * classes, classes);
    const probabilityOf = (classIndex: number): number =>
      answers.probabilities[i * classes + classIndex] ?? 0;
    return {
      path,
      actual,
      predicted,
      probability: probabilityOf(predicted),
      actualProbability: probabilityOf(actual),
      cell: keyOf(actual, predicted),
    };
  });
}

async function describeHardest(
  { classifier, codec, encodeJpeg }: ReportRequest,
  answer: Answer,
  image: LabelledImage,
): Promise<TopLoss> {
  const bytes = await image.read();
  const seen = codec.decode(bytes, classifier.manifest.input).image;
  const grid = explain(classifier, bytes);
  return {
    answer,
    seen: toDataUri(encodeJpeg(seen, 75)),
    overlay: grid === null ? null : toDataUri(encodeJpeg(overlayActivation(seen, grid), 75)),
  };
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
  gallery: Gallery,
): Promise<DuplicatePictures[]> {
  const compared = dataset.manifest.images.map((image) => ({ ...image, givenSplit: null, contrast: 255 }));
  const groups = groupDuplicates(compared).toSorted((a, b) => labelsOf(b) - labelsOf(a));
  const described: DuplicatePictures[] = [];
  for (const { images } of groups.slice(0, mostDuplicateGroups)) {
    const pictures = [];
    for (const { path, label, split } of images.slice(0, 6)) {
      const picture = await gallery.add(path, () => readImage(dataset, path));
      pictures.push({ path, label, split, picture });
    }
    described.push({ images: pictures });
  }
  return described;
}

function labelsOf({ images }: { readonly images: readonly { readonly label: string }[] }): number {
  return new Set(images.map(({ label }) => label)).size;
}

function classCurves(images: readonly LabelledImage[], { answers, evaluation }: BundleStudy): ClassCurve[] {
  const { labels } = evaluation;
  return labels.slice(0, mostCurves).flatMap((label, c): ClassCurve[] => {
    const scores = Float32Array.from(images, (_, i) => answers.probabilities[i * labels.length + c] ?? 0);
    const cuts = rankedCuts(
      scores,
      images.map(({ classIndex }) => Number(classIndex === c)),
    );
    return cuts === null ? [] : [{ label, cuts: thinned(cuts, 60) }];
  });
}
