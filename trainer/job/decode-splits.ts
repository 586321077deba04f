import type { PixelSpec } from "../../shared/image/codec.ts";
import type { IndexedDataset } from "../data/dataset-index.ts";
import { loadImages } from "../data/image-loader.ts";
import type { ImageSet } from "../data/image-set.ts";
import type { Reporter } from "./reporter.ts";
import type { StageTimes } from "./stage-times.ts";
import type { TrainingImages } from "./trained-classifier.ts";

const trainingSplits = ["train", "validation", "calibration"] as const;

/** Decodes every split but that of the test. */
export async function decodeSplits(
  dataset: IndexedDataset,
  spec: PixelSpec,
  times: StageTimes,
  reporter: Reporter,
): Promise<TrainingImages> {
  const { images } = dataset.manifest;
  const total = images.filter((image) => image.split !== "test").length;
  const bar = reporter.progress("decode");
  let before = 0;
  const load = async (split: (typeof trainingSplits)[number]): Promise<ImageSet> => {
    const ofSplit = images.filter((image) => image.split === split);
    const set = await loadImages(dataset, ofSplit, spec, {
      onProgress: (done) => bar.update(before + done, total),
    });
    before += ofSplit.length;
    return set;
  };
  try {
    return await times.measure("decode", total, async () => ({
      train: await load("train"),
      validation: await load("validation"),
      calibration: await load("calibration"),
    }));
  } finally {
    bar.end();
  }
}
