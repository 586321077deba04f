import { type Command, Option } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { carryBackRollbacks } from "../../shared/store/carry-back.ts";
import { type CopiedItem, copyModels } from "../../shared/store/copy-models.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { type CommonOptions, withCommonOptions } from "./common-options.ts";

interface CopyOptions extends CommonOptions {
  readonly to: string;
}

/** Adds `copy`: brings published versions and aliases to another store, e.g. the bucket that Workers read. */
export function addCopyCommand(program: Command): void {
  const command = program
    .command("copy")
    .description(
      "copy published versions, and then the aliases, to another store: what is there is left alone",
    )
    .addOption(
      new Option(
        "--to <place>",
        "where to: a folder, s3://bucket[/prefix] or r2://account/bucket[/prefix]",
      ).makeOptionMandatory(),
    );
  withCommonOptions(command, [
    "npm run edgewise -- copy --to r2://0123456789abcdef0123456789abcdef/edgewise-models",
    "npm run edgewise -- copy --store s3://my-company-models --to ./backup --model gate",
  ]).action(async (options: CopyOptions, self: Command) => {
    const output = createOutput(options.json);
    const onlyModel = self.getOptionValueSource("model") === "cli" ? { model: options.model } : {};
    const [from, to] = [await openStore(options.store), await openStore(options.to)];
    for (const { model, alias, lastRollback } of await carryBackRollbacks(to, from)) {
      output.say(
        `${model}/${alias} gave up ${lastRollback?.version ?? ""} there: ${lastRollback?.reason ?? ""}`,
      );
    }
    const report = await copyModels(from, to, {
      ...onlyModel,
      onCopied: (item) => output.say(`copied ${describe(item)}`),
    });
    const [fault] = report.faults;
    if (fault !== undefined) {
      const others = report.faults.length - 1;
      throw new AppError(
        fault.error.code,
        `${fault.key} stayed behind${others > 0 ? ` with ${others} more` : ""}: ${fault.error.message}`,
        { cause: fault.error, details: { copied: report.copied.length, faults: report.faults.length } },
      );
    }
    output.answer(
      `${report.copied.length === 0 ? "nothing new" : `${report.copied.length} copied`} to ${options.to}`,
    );
    output.result({ from: options.store, to: options.to, copied: report.copied });
  });
}

function describe(item: CopiedItem): string {
  return item.kind === "version"
    ? `version ${item.model} ${item.version}`
    : `alias ${item.model}/${item.alias} -> ${item.version}`;
}
