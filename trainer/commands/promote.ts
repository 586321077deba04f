import type { Command } from "commander";
import { defaultAlias } from "../../shared/contract/names.ts";
import type { AliasRecord } from "../../shared/contract/alias.ts";
import { AppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { promote } from "../release/promote.ts";
import { finishRollout, startRollout, takeBack } from "../release/rollout.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { type CommonOptions, parseName, withCommonOptions } from "./common-options.ts";
import { describeShares, type RolloutOptions, rolloutShares, withRolloutOptions } from "./rollout-options.ts";

interface AliasOptions extends CommonOptions {
  readonly alias: string;
}

type PromoteOptions = AliasOptions & RolloutOptions;

/** Adds `promote`: points an alias to a published version, or tries one on a part of the traffic. */
export function addPromoteCommand(program: Command): void {
  const command = withRolloutOptions(
    program
      .command("promote")
      .description("point an alias to a published version, or try one on a part of the traffic")
      .argument("[version]", "as `edgewise models` lists it (default: the one that is being tried)")
      .option("--alias <name>", "the alias to move", parseName, defaultAlias),
  );
  withCommonOptions(command, [
    "npm run edgewise -- promote 20260131T235959Z-0a1b2c3d",
    "npm run edgewise -- promote 20260131T235959Z-0a1b2c3d --canary 10% --shadow",
    "npm run edgewise -- promote",
    "npm run edgewise -- promote 20260131T235959Z-0a1b2c3d --alias challenger --model scenes",
  ]).action(async (version: string | undefined, options: PromoteOptions) => {
    const record = await promoteAs(await openStore(options.store), version, options);
    report(record, createOutput(options.json));
  });
}

/** Adds `rollback`: ends a rollout, or points an alias back to the version it served before. */
export function addRollbackCommand(program: Command): void {
  const command = program
    .command("rollback")
    .description("end a rollout; where there is none, point an alias back to the version it served before")
    .option("--alias <name>", "the alias to move", parseName, defaultAlias);
  withCommonOptions(command, [
    "npm run edgewise -- rollback",
    "npm run edgewise -- rollback --model scenes",
  ]).action(async (options: AliasOptions) => {
    const record = await takeBack(await openStore(options.store), moveOf(options, "edgewise rollback"));
    report(record, createOutput(options.json));
  });
}

function promoteAs(
  store: ObjectStore,
  version: string | undefined,
  options: PromoteOptions,
): Promise<AliasRecord> {
  const move = moveOf(options, "edgewise promote");
  const shares = rolloutShares(options);
  if (shares !== null && version !== undefined) return startRollout(store, { ...move, ...shares, version });
  if (shares !== null) {
    throw new AppError("invalid_argument", "--canary and --shadow need the version to try; name it");
  }
  return version === undefined ? finishRollout(store, move) : promote(store, { ...move, version });
}

function moveOf(options: AliasOptions, by: string) {
  return { model: options.model, alias: options.alias, by, now: () => new Date() };
}

function report(record: AliasRecord, output: Output): void {
  const { rollout, lastRollback } = record;
  const previous = record.previous === null ? "" : ` (before: ${record.previous})`;
  output.answer(`${record.model}/${record.alias} -> ${record.version}${previous}`);
  if (rollout !== undefined) output.answer(`  tries ${rollout.version}: ${describeShares(rollout)}`);
  else if (lastRollback !== undefined) {
    output.answer(`  no longer tries ${lastRollback.version}: ${lastRollback.reason}`);
  }
  output.result({ ...record });
}
