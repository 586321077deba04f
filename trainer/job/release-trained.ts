import { loadCodec, loadJpegEncoder } from "../assets.ts";
import type { IndexedDataset } from "../data/dataset-index.ts";
import type { Engine } from "../engine/engine.ts";
import { defaultCalibrationTargets } from "../evaluation/calibration.ts";
import { splitImages } from "../evaluation/labelled-image.ts";
import { projectRoot } from "../project-root.ts";
import { collectProvenance, type RunFacts } from "../release/provenance.ts";
import { type Release, releaseModel } from "../release/release.ts";
import { createReleaseProgress } from "./release-progress.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainedClassifier } from "./trained-classifier.ts";

/** A trained model with everything its release tells of it. */
export interface TrainedRun {
  readonly model: string;
  readonly dataset: IndexedDataset;
  readonly trained: TrainedClassifier;
  readonly engine: Engine;
  readonly facts: Omit<RunFacts, "dataset">;
  /** What the model is for, in words; absent: telling its classes apart. */
  readonly intendedUse?: string | undefined;
  /** Wanted of the answers that reach the threshold of their class, 0-1; absent: the default of releases. */
  readonly targetPrecision?: number | undefined;
}

/** Characters of an intended use. */
export const longestUse = 500;

/** Makes a verified bundle of what a run trained; see {@link releaseModel} for what it throws. */
export async function releaseTrained(run: TrainedRun, reporter: Reporter): Promise<Release> {
  const { dataset, trained, targetPrecision: precision = defaultCalibrationTargets.precision } = run;
  const { origin } = trained;
  const { labels } = dataset.manifest;
  const progress = createReleaseProgress(reporter);
  try {
    return await releaseModel({
      model: trained.model,
      engine: run.engine,
      codec: loadCodec(),
      encodeJpeg: loadJpegEncoder(),
      description: {
        model: run.model,
        labels,
        input: trained.inputSpec,
        architecture: trained.architecture,
        licence:
          "all rights with the owner of the training images" +
          (origin === null ? "" : `; the features are those of ${origin.name}, licence: ${origin.licence}`),
        intendedUse: (
          run.intendedUse ?? `telling ${labels.join(", ")} apart in images like those of its dataset`
        ).slice(0, longestUse),
      },
      provenance: await collectProvenance(projectRoot, {
        ...run.facts,
        dataset: dataset.manifest,
        ...(origin === null ? {} : { backbone: origin }),
      }),
      calibration: trained.images.calibration,
      correction: trained.images.validation,
      reference: trained.images.train,
      test: splitImages(dataset, "test"),
      targets: { ...defaultCalibrationTargets, precision },
      now: () => new Date(),
      onProgress: progress.update,
    });
  } finally {
    progress.end();
  }
}
