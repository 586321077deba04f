import { type Command, InvalidArgumentError } from "commander";
import { defaultRolloutGuard, type RolloutGuard } from "../../shared/contract/alias.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { percent } from "../terminal/table.ts";
import { parsePositive } from "./common-options.ts";

/** Options of `promote` that try a version on a part of the traffic. */
export interface RolloutOptions {
  readonly canary?: number;
  readonly shadow: boolean;
  readonly guardAnswers: number;
  readonly maxUnknownRise: number;
  readonly maxErrorRise: number;
  readonly maxDisagreement: number;
}

/** How a version is to be tried, before it is known which. */
export interface RolloutShares {
  readonly canaryFraction: number;
  readonly shadow: boolean;
  readonly guard: RolloutGuard;
}

/** Gives a command the options of a rollout. */
export function withRolloutOptions(command: Command): Command {
  const { minimumAnswers, maxUnknownRise, maxErrorRise, maxDisagreement } = defaultRolloutGuard;
  return command
    .option("--canary <share>", "give it to a share of the callers only, e.g. 10% or 0.1", parseShare)
    .option("--shadow", "classify every image by both versions and compare; callers see one answer", false)
    .option("--guard-answers <number>", "a Worker judges by no fewer answers", parsePositive, minimumAnswers)
    .option(
      "--max-unknown-rise <share>",
      "roll back when its share of unknown images is larger by more",
      parseShare,
      maxUnknownRise,
    )
    .option(
      "--max-error-rise <share>",
      "roll back when its share of failures is larger by more",
      parseShare,
      maxErrorRise,
    )
    .option(
      "--max-disagreement <share>",
      "roll back when more of the shadowed images get another class",
      parseShare,
      maxDisagreement,
    );
}

/** What the options ask for, `null` for the whole traffic at once. @throws invalid_argument for too many answers */
export function rolloutShares(options: RolloutOptions): RolloutShares | null {
  const { canary, shadow, guardAnswers, maxUnknownRise, maxErrorRise, maxDisagreement } = options;
  if (canary === undefined && !shadow) return null;
  if (guardAnswers > 500) {
    throw new AppError("invalid_argument", `--guard-answers is ${guardAnswers}; allowed is 1 to 500`);
  }
  const guard = { minimumAnswers: guardAnswers, maxUnknownRise, maxErrorRise, maxDisagreement };
  return { canaryFraction: canary ?? 0, shadow, guard };
}

/** A rollout in a few words, e.g. `10.0 % canary, shadow`. */
export function describeShares({ canaryFraction, shadow }: Omit<RolloutShares, "guard">): string {
  const parts = [canaryFraction > 0 ? `${percent(canaryFraction)} canary` : "", shadow ? "shadow" : ""];
  return parts.filter((part) => part !== "").join(", ") || "no traffic";
}

/** Parses a share as `10%` or `0.1`. @throws InvalidArgumentError */
export function parseShare(text: string): number {
  const found = /^(\d{1,3}(?:\.\d{1,4})?|\.\d{1,6})\s*(%?)$/.exec(text.trim());
  const value = Number(found?.[1] ?? Number.NaN) / (found?.[2] === "%" ? 100 : 1);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError(`got "${text}"; a share from 0% to 100% or from 0 to 1 is needed.`);
}
