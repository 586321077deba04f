import type { Metrics, ReleaseMetrics } from "../../shared/contract/manifest.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import type { BundleParts, ModelDescription, StoredModel } from "./assemble.ts";
import type { Calibration } from "../evaluation/calibration.ts";
import type { UnknownCalibration } from "./calibrate-unknown.ts";
import type { GoldenImage } from "./golden-images.ts";
import { addGolden } from "./golden-vectors.ts";
import type { Provenance } from "./provenance.ts";

/** What every way of storing one trained model has in common. */
export interface SharedParts {
  readonly description: ModelDescription;
  readonly provenance: Provenance;
  readonly createdAt: Date;
  readonly calibration: Calibration;
  readonly unknown: UnknownCalibration;
  /** Of the float model. */
  readonly metrics: Metrics;
}

/** A bundle that can be loaded and measured; what it is measured for is filled in afterwards. */
export function draftParts(shared: SharedParts, candidate: StoredModel): BundleParts<ReleaseMetrics> {
  const { unknown, metrics, ...settled } = shared;
  const parity = { maxLogitDelta: 0, maxProbabilityDelta: 0, top1Agreement: 1 };
  const logits = settled.description.labels.map(() => 0);
  return {
    ...settled,
    candidate,
    unknown: unknown.rule,
    files: unknown.files,
    metrics: { float: metrics, bundle: metrics, parity },
    golden: { tolerance: 1, vectors: [{ name: "draft", image: "AA==", logits }] },
  };
}

/** Such a bundle with the golden vectors by which it settles what computes it, here as in the Worker. */
export async function draftBundle(
  shared: SharedParts,
  candidate: StoredModel,
  codec: ImageCodec,
  images: readonly GoldenImage[],
): Promise<BundleParts<ReleaseMetrics>> {
  return addGolden(draftParts(shared, candidate), codec, images);
}
