import type { Command } from "commander";
import type { Metrics } from "../../shared/contract/manifest.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { loadCodec } from "../assets.ts";
import { evaluateBundle } from "../evaluation/evaluate-bundle.ts";
import { readLabelledFolder } from "../evaluation/labelled-folder.ts";
import { openPublished } from "../release/load-published.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { createProgress } from "../terminal/progress.ts";
import { percent, table } from "../terminal/table.ts";
import { type CommonOptions, withCommonOptions } from "./common-options.ts";
import { cacheRootOf } from "./job-options.ts";

interface EvaluateOptions extends CommonOptions {
  readonly data?: string;
  readonly alias: string;
  readonly version?: string;
  readonly cache?: string;
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
    .option("--cache <folder>", "what is unpacked goes here (default: beside the store)");
  withCommonOptions(command, [
    "npm run edgewise -- evaluate photos-of-june/",
    "npm run edgewise -- evaluate test.tar.gz --version 20260131T235959Z-0a1b2c3d --json",
  ]).action(async (argument: string | undefined, options: EvaluateOptions) => {
    const output = createOutput(options.json);
    const path = argument ?? options.data;
    if (path === undefined) {
      throw new AppError(
        "invalid_argument",
        "no labelled images were named; add the path of a folder or archive",
      );
    }
    const store = await openStore(options.store);
    const { classifier, version, manifest } = await openPublished(
      store,
      options.model,
      options.version ?? options.alias,
      loadCodec(),
    );
    const inspecting = createProgress("inspect");
    const bar = createProgress("evaluate");
    try {
      const cacheRoot = cacheRootOf(options);
      const { images, skipped } = await readLabelledFolder(path, manifest.labels, cacheRoot, (done, total) =>
        inspecting.update(done, total),
      );
      inspecting.end();
      for (const file of skipped) output.say(`skipped ${file.path}: ${file.reason}`);
      const { metrics } = await evaluateBundle(classifier, images, (done, total) => bar.update(done, total));
      bar.end();
      output.answer(`${options.model} ${version} on ${metrics.images} images of ${path}:`);
      for (const line of describeMetrics(metrics)) output.answer(line);
      output.result({
        model: options.model,
        version,
        ...metrics,
        skipped: skipped.length,
      });
    } finally {
      inspecting.end();
      bar.end();
      classifier.dispose();
    }
  });
}

function describeMetrics(metrics: Metrics): string[] {
  const classes = metrics.perClass.map(({ label, images, precision, recall, f1 }) => [
    label,
    String(images),
    precision.toFixed(3),
    recall.toFixed(3),
    f1.toFixed(3),
  ]);
  return [
    `top-1 ${percent(metrics.top1Accuracy)}, macro F1 ${metrics.macroF1.toFixed(3)}, ` +
      `expected calibration error ${metrics.expectedCalibrationError.toFixed(3)}`,
    ...table([["class", "images", "precision", "recall", "F1"], ...classes]).map((line) => `  ${line}`),
  ];
}
