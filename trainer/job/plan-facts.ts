import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Engine } from "../engine/engine.ts";
import type { Deadline } from "./deadline.ts";

/** What the choice depends on. */
export interface PlanFacts {
  readonly dataset: Pick<DatasetManifest, "images" | "labels">;
  /** Whether the images are our own drawings. */
  readonly isDrawn: boolean;
  readonly seed: number;
  readonly engine: Engine;
  readonly deadline: Deadline;
  /** Milliseconds that decoding one image takes, measured. */
  readonly decodeMs: number;
  /** Where published versions are. */
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  /** Most threads that train a net. */
  readonly workers: number;
}
