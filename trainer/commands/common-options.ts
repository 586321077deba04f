import { type Command, InvalidArgumentError, Option } from "commander";
import { parseGroupBy } from "../data/find-sources.ts";
import { defaultModel, nameSchema } from "../../shared/contract/names.ts";
import * as z from "zod/mini";

/** Options that every command takes. */
export interface CommonOptions {
  /** The object store: a folder, `s3://bucket[/prefix]` or `r2://account/bucket[/prefix]`. */
  readonly store: string;
  readonly model: string;
  readonly seed: number;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Gives a command the options that all share, and its examples. */
export function withCommonOptions(command: Command, examples: readonly string[]): Command {
  return command
    .addOption(
      new Option(
        "--store <place>",
        "the object store: a folder, s3://bucket[/prefix] or r2://account/bucket[/prefix]",
      )
        .env("EDGEWISE_STORE")
        .default(".edgewise/store"),
    )
    .addOption(new Option("--model <name>", "name of the model").default(defaultModel).argParser(parseName))
    .addOption(new Option("--seed <number>", "seed of everything random").default(1).argParser(parseCount))
    .option("--json", "make the last line of stdout one JSON object", false)
    .option("--verbose", "show stacks and causes of failures", false)
    .addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
}

/** Parses a whole number of at least 0. @throws InvalidArgumentError */
export function parseCount(text: string): number {
  return parseWhole(text, 0);
}

/** Parses a whole number of at least 1. @throws InvalidArgumentError */
export function parsePositive(text: string): number {
  return parseWhole(text, 1);
}

/** Parses a TCP port; 0 means any free one. @throws InvalidArgumentError */
export function parsePort(text: string): number {
  const value = parseCount(text);
  if (value > 65_535) throw new InvalidArgumentError(`got "${text}"; a port is at most 65535.`);
  return value;
}

/** Parses a name of a model, alias or dataset. @throws InvalidArgumentError */
export function parseName(text: string): string {
  const result = z.safeParse(nameSchema, text);
  if (!result.success) {
    throw new InvalidArgumentError(
      `got "${text}"; a name ${result.error.issues[0]?.message ?? "is invalid"}.`,
    );
  }
  return result.data;
}

/** What `--group-by` does, for `--help`. */
export const groupByHelp =
  "place images of one source in one split: none, folder (below the class folder), sequence (shots that follow each " +
  'other, by time or numbered name), camera, or a regular expression on the path whose group names it, "(plant\\d+)"';

/** Parses what images are grouped by. @throws InvalidArgumentError */
export function parseGrouping(text: string): string {
  try {
    return parseGroupBy(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : String(error));
  }
}

/** Parses a time such as `90s`, `10m` or `1.5h`; seconds without a unit. @returns milliseconds @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const [, number = "", unit = "s"] = /^(\d+(?:\.\d+)?)\s*([smh])?$/.exec(text.trim()) ?? [];
  const milliseconds = { s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 0;
  const value = Number(number) * milliseconds;
  if (value > 0 && value <= 7 * 24 * 3_600_000) return value;
  throw new InvalidArgumentError(`got "${text}"; a time up to a week is needed, such as 90s, 10m or 1.5h.`);
}

function parseWhole(text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < least) {
    throw new InvalidArgumentError(`got "${text}"; a whole number of at least ${least} is needed.`);
  }
  return value;
}

/** Parses the name of a run: a part of object keys. @throws InvalidArgumentError */
export function parseRunId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError(`got "${text}"; a run is named by 1 to 63 letters, digits, dots, _ and -.`);
}
