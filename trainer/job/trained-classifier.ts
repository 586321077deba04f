import type { InputSpec } from "../../shared/contract/input-spec.ts";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { BackboneOrigin } from "../backbones/registry.ts";
import type { IndexedDataset } from "../data/dataset-index.ts";
import type { ImageSet } from "../data/image-set.ts";
import type { Engine } from "../engine/engine.ts";
import type { ReleasableModel } from "../release/releasable-model.ts";
import type { CrossValidation } from "../evaluation/cross-validation-record.ts";
import type { Deadline } from "./deadline.ts";
import type { StageTimes } from "./stage-times.ts";

/** The decoded images that training and calibration use; the test split is not among them. */
export interface TrainingImages {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly calibration: ImageSet;
}

/** A model that was trained, and what it was trained on. */
export interface TrainedClassifier {
  readonly model: ReleasableModel;
  readonly inputSpec: InputSpec;
  readonly architecture: ModelManifest["architecture"];
  /** The net that its features are of; `null` when it is all new. */
  readonly origin: BackboneOrigin | null;
  readonly images: TrainingImages;
  /** Hex SHA-256 of what was trained. */
  readonly weightsSha256: string;
  /** One line: how the training went. */
  readonly outcome: string;
  /** Trains anew on parts of all images, test split included, where that takes seconds; `null` where it takes longer. */
  readonly crossValidate: (() => Promise<CrossValidation>) | null;
  /** Frees its memory. */
  readonly dispose: () => void;
}

/** What a run trains, and where it leaves its traces. */
export interface TrainingJob {
  readonly dataset: IndexedDataset;
  readonly engine: Engine;
  readonly seed: number;
  readonly runId: string;
  readonly store: ObjectStore;
  /** Folder for features that later runs need too. */
  readonly cacheRoot: string;
  readonly deadline: Deadline;
  readonly times: StageTimes;
  readonly signal: AbortSignal;
  /** Most threads that train a net; they change no bit of it. */
  readonly workers: number;
}
