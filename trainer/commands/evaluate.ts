import type { Command } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { loadCodec, loadJpegEncoder } from "../assets.ts";
import { checkMetadata, openMetadata } from "../data/metadata-table.ts";
import { readLabelledFolder } from "../evaluation/labelled-folder.ts";
import { studyBundle } from "../evaluation/study-bundle.ts";
import { openPublished } from "../release/load-published.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { createPhaseProgress, createProgress } from "../terminal/progress.ts";
import { type CommonOptions, parseCount, withCommonOptions } from "./common-options.ts";
import { describeConditions, describeEvaluation } from "../evaluation/describe-evaluation.ts";
import { cacheRootOf, metadataHelp } from "./job-options.ts";

interface EvaluateOptions extends CommonOptions {
  readonly data?: string;
  readonly alias: string;
  readonly version?: string;
  readonly cache?: string;
  readonly robustness: number;
  readonly metadata?: string;
}

/** Adds `evaluate`: a published version on labelled images, through the bundle that serves. */
export function addEvaluateCommand(program: Command): void {
  const command = program
    .command("evaluate")
    .description(
      "evaluate a published version on a labelled folder or archive, through the bundle that serves",
    )
    .argument("[path]", "folder of class folders, or a .zip or .tar.gz of one")
    .option("--data <path>", "the same as the argument")
    .option("--alias <name>", "evaluate the version of this alias", defaultAlias)
    .option("--version <version>", "evaluate this version")
    .option(
      "--robustness <images>",
      "spoil so many images to see what accuracy is left, 0 for none",
      parseCount,
      0,
    )
    .option("--metadata <file.csv>", metadataHelp)
    .option("--cache <folder>", "what is unpacked goes here (default: beside the store)");
  withCommonOptions(command, [
    "npm run edgewise -- evaluate photos-of-june/",
    "npm run edgewise -- evaluate photos-of-june/ --robustness 200",
    "npm run edgewise -- evaluate photos-of-june/ --metadata weather.csv",
    "npm run edgewise -- evaluate test.tar.gz --version 20260131T235959Z-0a1b2c3d --json",
  ]).action(async (argument: string | undefined, options: EvaluateOptions) => {
    const path = argument ?? options.data;
    if (path !== undefined) return evaluate(path, options);
    throw new AppError(
      "invalid_argument",
      "no labelled images were named; add the path of a folder or archive",
    );
  });
}

async function evaluate(path: string, options: EvaluateOptions): Promise<void> {
  const output = createOutput(options.json);
  const metadata = await openMetadata(options.metadata, output.say);
  const store = await openStore(options.store);
  const codec = loadCodec();
  const reference = options.version ?? options.alias;
  const { classifier, version } = await openPublished(store, options.model, reference, codec);
  const bars = createPhaseProgress(createProgress);
  try {
    const { labels } = classifier.manifest;
    const { images, skipped } = await readLabelledFolder(path, labels, cacheRootOf(options), (done, total) =>
      bars.update("inspect", done, total),
    );
    if (metadata !== null) checkMetadata(metadata, { images, skipped });
    for (const file of skipped) output.say(`skipped ${file.path}: ${file.reason}`);
    const { evaluation, slices, robustness, answers } = await studyBundle({
      classifier,
      images,
      codec,
      encodeJpeg: loadJpegEncoder(),
      robustnessImages: () => options.robustness,
      metadata: metadata?.columns,
      onProgress: bars.update,
    });
    bars.end();
    output.answer(`${options.model} ${version} on ${evaluation.images} images of ${path}:`);
    for (const line of describeEvaluation(evaluation)) output.answer(line);
    for (const line of describeConditions(slices, robustness)) output.answer(line);
    output.result({
      model: options.model,
      version,
      ...answers.metrics,
      skipped: skipped.length,
      latencyMs: answers.latencyMs,
      evaluation,
      slices,
      robustness,
    });
  } finally {
    bars.end();
    classifier.dispose();
  }
}
