import type * as z from "zod/mini";
import type { Metrics } from "../../shared/contract/manifest.ts";
import type { gatePolicySchema } from "../../shared/contract/pipeline.ts";

/** When a challenger may replace the champion. */
export type GatePolicy = z.infer<typeof gatePolicySchema>;

/** Why a challenger may not replace the champion. */
export interface GateReason {
  readonly rule: "minimum-accuracy" | "gain" | "class-recall";
  /** For people: what was found, what is allowed. */
  readonly text: string;
}

/** Whether a challenger may replace the champion. */
export interface GateDecision {
  readonly promote: boolean;
  /** Every rule that it broke; empty when it is promoted. */
  readonly reasons: readonly GateReason[];
}

/**
 * Compares a challenger with the champion on the same held-out images; a better challenger is never refused where a
 * worse one is promoted.
 * @param champion `null` when there is none yet
 */
export function decideGate(challenger: Metrics, champion: Metrics | null, policy: GatePolicy): GateDecision {
  const reasons: GateReason[] = [];
  if (challenger.top1Accuracy < policy.minimumAccuracy) {
    reasons.push({
      rule: "minimum-accuracy",
      text: `top-1 ${percent(challenger.top1Accuracy)}, at least ${percent(policy.minimumAccuracy)} is needed`,
    });
  }
  if (champion !== null) {
    const gain = challenger.top1Accuracy - champion.top1Accuracy;
    // Less than half an image: a rounding error of the two fractions.
    if (gain < policy.minimumGain - 0.5 / Math.max(1, challenger.images)) {
      reasons.push({
        rule: "gain",
        text:
          `top-1 ${percent(challenger.top1Accuracy)} against the champion's ${percent(champion.top1Accuracy)} ` +
          `on ${challenger.images} images, a gain of ${percent(policy.minimumGain)} is needed`,
      });
    }
    reasons.push(...lostRecall(challenger, champion, policy));
  }
  return { promote: reasons.length === 0, reasons };
}

function lostRecall(challenger: Metrics, champion: Metrics, policy: GatePolicy): GateReason[] {
  const after = new Map(challenger.perClass.map((entry) => [entry.label, entry]));
  return champion.perClass.flatMap((before): GateReason[] => {
    const images = after.get(before.label)?.images ?? 0;
    const lost = Math.round((before.recall - (after.get(before.label)?.recall ?? 0)) * images);
    const allowed = Math.max(1, Math.floor(policy.maximumRecallLoss * images + 1e-9));
    if (lost <= allowed) return [];
    return [
      {
        rule: "class-recall",
        text: `${before.label}: ${lost} of ${images} images more are missed, ${allowed} allowed`,
      },
    ];
  });
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
