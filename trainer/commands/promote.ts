import type { Command } from "commander";
import { defaultAlias } from "../../shared/contract/names.ts";
import type { AliasRecord } from "../../shared/contract/alias.ts";
import { promote, rollback } from "../release/promote.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { type CommonOptions, parseName, withCommonOptions } from "./common-options.ts";

interface AliasOptions extends CommonOptions {
  readonly alias: string;
}

/** Adds `promote`: points an alias to a published version. */
export function addPromoteCommand(program: Command): void {
  const command = program
    .command("promote")
    .description("point an alias to a published version; Workers that follow the store pick it up")
    .argument("<version>", "the version, as `edgewise models` lists it")
    .option("--alias <name>", "the alias to move", parseName, defaultAlias);
  withCommonOptions(command, [
    "npm run edgewise -- promote 20260131T235959Z-0a1b2c3d",
    "npm run edgewise -- promote 20260131T235959Z-0a1b2c3d --alias challenger --model scenes",
  ]).action(async (version: string, options: AliasOptions) => {
    const record = await promote(await openStore(options.store), {
      ...moveOf(options, "edgewise promote"),
      version,
    });
    report(record, createOutput(options.json));
  });
}

/** Adds `rollback`: points an alias back to the version it served before. */
export function addRollbackCommand(program: Command): void {
  const command = program
    .command("rollback")
    .description("point an alias back to the version it served before")
    .option("--alias <name>", "the alias to move", parseName, defaultAlias);
  withCommonOptions(command, [
    "npm run edgewise -- rollback",
    "npm run edgewise -- rollback --model scenes",
  ]).action(async (options: AliasOptions) => {
    const record = await rollback(await openStore(options.store), moveOf(options, "edgewise rollback"));
    report(record, createOutput(options.json));
  });
}

function moveOf(options: AliasOptions, by: string) {
  return { model: options.model, alias: options.alias, by, now: () => new Date() };
}

function report(record: AliasRecord, output: Output): void {
  const previous = record.previous === null ? "" : ` (before: ${record.previous})`;
  output.answer(`${record.model}/${record.alias} -> ${record.version}${previous}`);
  output.result({ ...record });
}
