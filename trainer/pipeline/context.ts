import type { ImageCodec } from "../../shared/image/codec.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** A figure that an operator watches. */
export interface QualityMetric {
  readonly name: "ChampionAccuracy" | "ChampionAccuracyDrop" | "ChallengerAccuracy";
  readonly model: string;
  /** A fraction; of `ChampionAccuracyDrop`, what is missing since it was published, at least 0. */
  readonly value: number;
}

/** What the tasks of the pipeline reach the world by. */
export interface PipelineContext {
  /** Datasets, runs and models: the record. */
  readonly record: ObjectStore;
  readonly now: () => Date;
  /** Whether an execution of the state machine is under way. */
  readonly isRunning: (execution: string) => Promise<boolean>;
  readonly measure: (metric: QualityMetric) => void;
}

/** What the tasks that touch published models reach, beyond the others. */
export interface ReleaseContext extends PipelineContext {
  /** What the Workers read, and keep feedback in. */
  readonly serving: ObjectStore;
  /** The codec that serves, loaded when it is needed. */
  readonly codec: () => ImageCodec;
}
