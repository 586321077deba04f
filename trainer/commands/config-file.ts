import { readFileSync } from "node:fs";
import type { Command, Option } from "commander";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";

const configSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** Options that a file may not set: they say where things are here and now. */
const flagsOnly: readonly string[] = ["config", "run", "json", "verbose", "help"];

/**
 * Gives a command `--config`: a JSON file of its other options by their names, such as `{ "mode": "head" }`. What is
 * given on the command line wins over the file, the file over the defaults.
 */
export function withConfigFile(command: Command): Command {
  return command
    .option("--config <file>", "JSON file of these options by their names; what is given here wins over it")
    .hook("preAction", (_, action) => {
      const { config } = action.opts<{ readonly config?: string }>();
      if (config !== undefined) applyConfig(action, config);
    });
}

/** @throws invalid_argument naming the setting and what is allowed */
function applyConfig(command: Command, path: string): void {
  const settings = parseJsonWith(configSchema, readConfig(path), `config ${path}`);
  for (const [name, value] of Object.entries(settings)) {
    const option = settable(command).find((candidate) => candidate.attributeName() === name);
    if (option === undefined) throw unknownSetting(command, path, name);
    if (command.getOptionValueSource(name) === "cli") continue;
    command.setOptionValueWithSource(name, parseValue(option, value, path), "config");
  }
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError("invalid_argument", `cannot read the config ${path}; name a JSON file`, { cause });
  }
}

function settable(command: Command): readonly Option[] {
  return command.options.filter((option) => !flagsOnly.includes(option.attributeName()));
}

function parseValue(option: Option, value: string | number | boolean, path: string): unknown {
  const name = option.attributeName();
  const takesValue = option.required || option.optional;
  if (takesValue === (typeof value === "boolean")) {
    const wanted = takesValue ? "text or a number" : "true or false";
    throw new AppError("invalid_argument", `${name} in ${path} is ${JSON.stringify(value)}; it is ${wanted}`);
  }
  if (!takesValue || option.parseArg === undefined) return value;
  try {
    return option.parseArg(String(value), undefined);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_argument", `${name} in ${path}: ${reason}`, { cause });
  }
}

function unknownSetting(command: Command, path: string, name: string): AppError {
  const names = settable(command).map((option) => option.attributeName());
  return new AppError(
    "invalid_argument",
    `${path} sets ${name}, which is no option of ${command.name()}; allowed are ${names.join(", ")}`,
  );
}
