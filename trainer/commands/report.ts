import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { defaultAlias } from "../../shared/contract/names.ts";
import { checkMetadata, openMetadata } from "../data/metadata-table.ts";
import { openDataset } from "../job/open-dataset.ts";
import { writeReport } from "../report/write-report.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { createPhaseProgress, createProgress } from "../terminal/progress.ts";
import { sizeText } from "../terminal/table.ts";
import { type CommonOptions, parsePositive, withCommonOptions } from "./common-options.ts";
import { cacheRootOf, metadataHelp } from "./job-options.ts";

interface ReportOptions extends CommonOptions {
  readonly data?: string;
  readonly limit?: number;
  readonly feedback: boolean;
  readonly alias: string;
  readonly version?: string;
  readonly cache?: string;
  readonly out?: string;
  readonly metadata?: string;
}

/** Adds `report`: the page on a published version, made anew. */
export function addReportCommand(program: Command): void {
  const command = program
    .command("report")
    .description(
      "make the report on a published version anew: one page that opens from disk, with photos of its dataset",
    )
    .option("--data <path>", "the folder or archive it was trained on (default: scenes it draws)")
    .option("--limit <images>", "as it was trained with", parsePositive)
    .option("--feedback", "with reviewed feedback, as it was trained with", false)
    .option("--alias <name>", "report on the version of this alias", defaultAlias)
    .option("--version <version>", "report on this version")
    .option("--cache <folder>", "what is drawn or unpacked goes here (default: beside the store)")
    .option("--metadata <file.csv>", metadataHelp)
    .option("--out <file>", "write the page to this file too");
  withCommonOptions(command, [
    "npm run edgewise -- report --data photos.zip --out report.html",
    "npm run edgewise -- report --version 20260131T235959Z-0a1b2c3d --out report.html",
  ]).action(report);
}

async function report(options: ReportOptions): Promise<void> {
  const output = createOutput(options.json);
  const metadata = await openMetadata(options.metadata, output.say);
  const store = await openStore(options.store);
  const feedback = options.feedback ? { store, model: options.model } : undefined;
  const request = { ...options, cacheRoot: cacheRootOf(options), feedback };
  const dataset = await openDataset(request, { say: output.say, progress: createProgress });
  if (metadata !== null) checkMetadata(metadata, dataset.manifest, options.limit !== undefined);
  const bars = createPhaseProgress(createProgress);
  const { version, bytes, keys } = await writeReport(store, {
    model: options.model,
    reference: options.version ?? options.alias,
    dataset,
    metadata: metadata?.columns,
    onProgress: bars.update,
  }).finally(() => bars.end());
  for (const key of keys) output.answer(`wrote ${key} (${sizeText(bytes.length)})`);
  if (options.out !== undefined) {
    await writeFile(options.out, bytes);
    output.answer(`wrote ${options.out}`);
  }
  output.result({ model: options.model, version, bytes: bytes.length, keys });
}
