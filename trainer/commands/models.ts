import type { Command } from "commander";
import type { AliasRecord } from "../../shared/contract/alias.ts";
import { type ListedModel, type ListedVersion, listModels } from "../release/list-models.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { percent, sizeText, table } from "../terminal/table.ts";
import { type CommonOptions, withCommonOptions } from "./common-options.ts";
import { describeShares } from "./rollout-options.ts";

interface ModelsOptions extends CommonOptions {
  readonly all: boolean;
}

/** Adds `models`: what is published and what serves. */
export function addModelsCommand(program: Command): void {
  const command = program
    .command("models")
    .description("list the published versions of a model, its aliases, and what is not usable and why")
    .option("--all", "every model of the store, not only --model", false);
  withCommonOptions(command, [
    "npm run edgewise -- models",
    "npm run edgewise -- models --all --json",
  ]).action(async (options: ModelsOptions) => {
    const output = createOutput(options.json);
    const models = await listModels(await openStore(options.store), options.all ? undefined : options.model);
    if (models.length === 0)
      output.say(`no published model in ${options.store}; run npm start or train first`);
    for (const model of models) for (const line of describeModel(model)) output.answer(line);
    output.result({ models: models.map(toJson) });
  });
}

function describeModel(model: ListedModel): string[] {
  const rows = model.versions.map((version) => [
    version.version,
    accuracyOf(version),
    version.usable ? version.manifest.quantization.scheme : "-",
    sizeText(version.sizeBytes),
    aliasesOf(model, version),
    version.usable ? "" : `not usable: ${version.reason}`,
  ]);
  const notes = model.aliases.flatMap((alias) =>
    alias.usable ? describeRollout(alias.record) : [`  alias ${alias.alias} is not usable: ${alias.reason}`],
  );
  const heading = ["version", "top-1", "weights", "size", "aliases", ""];
  return [model.model, ...table([heading, ...rows]).map((line) => `  ${line}`), ...notes];
}

function describeRollout({ alias, rollout, lastRollback }: AliasRecord): string[] {
  const tries =
    rollout === undefined ? [] : [`  ${alias} tries ${rollout.version}: ${describeShares(rollout)}`];
  if (lastRollback === undefined) return tries;
  const { version, at, by, reason } = lastRollback;
  return [...tries, `  ${alias} gave up ${version} at ${at} (${by}): ${reason}`];
}

/** What it was measured to do; a dash when it is not usable or was not evaluated here. */
function accuracyOf(version: ListedVersion): string {
  const metrics = version.usable ? version.manifest.metrics : null;
  return metrics === null ? "-" : percent(metrics.bundle.top1Accuracy);
}

function aliasesOf(model: ListedModel, version: ListedVersion): string {
  return model.aliases
    .filter((alias) => alias.usable && alias.record.version === version.version)
    .map((alias) => alias.alias)
    .join(", ");
}

function toJson(model: ListedModel): Record<string, unknown> {
  return {
    model: model.model,
    versions: model.versions.map((version) =>
      version.usable
        ? {
            version: version.version,
            usable: true,
            sizeBytes: version.sizeBytes,
            top1Accuracy: version.manifest.metrics?.bundle.top1Accuracy ?? null,
            quantization: version.manifest.quantization.scheme,
            labels: version.manifest.labels,
          }
        : version,
    ),
    aliases: model.aliases.map((alias) => (alias.usable ? { ...alias.record, usable: true } : alias)),
  };
}
