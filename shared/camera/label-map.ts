import type { CameraConfig } from "../contract/camera.ts";
import type { Prediction } from "../contract/prediction.ts";
import type { StateShares } from "./evidence.ts";

/** What a frame votes for. */
export interface MappedLabel {
  /** State of the camera, `null` where the frame shows none. */
  readonly label: string | null;
  /** 0-1; of all classes that map to the state together. */
  readonly probability: number;
  /** 0-1 of every state; those of classes that show none are left out. */
  readonly shares: StateShares;
}

/**
 * The state that a frame shows: the most probable one after the classes of each were added up.
 * @param unknown whether the model says that it is none of its classes
 */
export function mapLabels(
  predictions: readonly Prediction[],
  unknown: boolean,
  { labels }: Pick<CameraConfig, "labels">,
): MappedLabel {
  if (unknown) return { label: null, probability: 0, shares: {} };
  const sums = new Map<string | null, number>();
  for (const { label, probability } of predictions) {
    const state = Object.hasOwn(labels, label) ? (labels[label] ?? null) : label;
    sums.set(state, Math.min(1, (sums.get(state) ?? 0) + probability));
  }
  let best: Pick<MappedLabel, "label" | "probability"> = { label: null, probability: 0 };
  const shares: Record<string, number> = {};
  for (const [label, probability] of sums) {
    if (label !== null) shares[label] = probability;
    if (probability > best.probability) best = { label, probability };
  }
  return { ...best, shares };
}
