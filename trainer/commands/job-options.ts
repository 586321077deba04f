import { dirname, join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { mayBeOwnBackbone } from "../backbones/own-backbone.ts";
import { backbones } from "../backbones/registry.ts";
import type { EngineChoice } from "../engine/engine.ts";
import type { JobRequest, JobResult } from "../job/run-job.ts";
import { type DenoiseChoice, denoiseChoices, type Mode, modes, mostRandomViews } from "../job/plan.ts";
import type { Reporter } from "../job/reporter.ts";
import { describeSpeeds } from "../job/stage-times.ts";
import type { Output } from "../terminal/output.ts";
import { createProgress } from "../terminal/progress.ts";
import type { CrossValidation } from "../evaluation/cross-validation-record.ts";
import { percent, sizeText, table } from "../terminal/table.ts";
import { describeTarget, describeUnknown, shareText } from "../evaluation/describe-evaluation.ts";
import { longestUse } from "../job/release-trained.ts";
import { withConfigFile } from "./config-file.ts";
import { parseShare, type ScratchOptions, scratchRequest, withScratchOptions } from "./scratch-options.ts";
import {
  type CommonOptions,
  groupByHelp,
  parseDuration,
  parseGrouping,
  parsePositive,
} from "./common-options.ts";

/** Options of the commands that train. */
export interface JobOptions extends CommonOptions, ScratchOptions {
  readonly data?: string;
  readonly limit?: number;
  readonly feedback: boolean;
  readonly engine: EngineChoice;
  readonly workers?: number;
  readonly cache?: string;
  readonly mode: "auto" | Mode;
  readonly backbone?: string;
  readonly teacher?: string;
  readonly mirror?: boolean;
  readonly views?: number;
  readonly denoise?: DenoiseChoice;
  readonly trainShare?: number;
  readonly testShare?: number;
  readonly groupBy?: string;
  readonly targetPrecision?: number;
  readonly budget?: number;
  readonly report: boolean;
  readonly metadata?: string;
  readonly intendedUse?: string;
}

/** What `--feedback` does, for `--help`. */
export const feedbackHelp = "train on the reviewed feedback to --model too; it is never tested on";

/** What `--metadata` takes, for `--help`. */
export const metadataHelp =
  "CSV of path (relative to the dataset) and what else you know of images: accuracy by each column";

/** Gives a command the options of training. */
export function withJobOptions(command: Command): Command {
  const described = withConfigFile(command)
    .option(
      "--data <path>",
      "folder of class folders, or a .zip or .tar.gz of one (default: scenes it draws)",
    )
    .option("--limit <images>", "take at most so many images, drawn fairly from every class", parsePositive)
    .option("--group-by <what>", `${groupByHelp} (default: none)`, parseGrouping)
    .option("--feedback", feedbackHelp, false)
    .option("--train-share <share>", "images to fit weights (default: 0.6)", parseShare)
    .option(
      "--test-share <share>",
      "images never trained on that the report is of (default: half of the others)",
      parseShare,
    );
  return withScratchOptions(withModeOptions(described))
    .addOption(
      new Option("--engine <name>", "what computes the training")
        .choices(["auto", "wasm", "native-cpu", "native-gpu"])
        .default("auto"),
    )
    .option(
      "--workers <threads>",
      "most threads that train a net from scratch (default: one a core)",
      parsePositive,
    )
    .option(
      "--target-precision <share>",
      "right ones wanted among the answers that reach their class's threshold (default: 0.95)",
      parseShare,
    )
    .option("--intended-use <text>", "what the model is for and what not, for its card", parseSentence)
    .option("--metadata <file.csv>", metadataHelp)
    .option("--no-report", "leave out the report, which is made after the promotion")
    .option("--cache <folder>", "what is drawn or unpacked goes here (default: beside the store)");
}

/** The options that choose how to train. */
function withModeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--mode <name>",
        "how to train: a head on a backbone, its last layers too, or a net from scratch",
      )
        .choices(["auto", ...modes])
        .default("auto"),
    )
    .option(
      "--backbone <net>",
      `the trained net whose features a head uses: ${backbones.map(({ name }) => name).join(", ")}, the path of a ` +
        ".tflite file or a model.json, or model@version of the store, as `import` publishes it (default: by the time)",
      parseBackbone,
    )
    .addOption(
      new Option(
        "--teacher <name>",
        "the backbone that teaches another's last layers (default: the best; none, where that is a net of your own)",
      ).choices([...backbones.map(({ name }) => name), "none"]),
    )
    .addOption(
      new Option(
        "--denoise <way>",
        "noise removal before the net; auto tries both on held-back images (default: auto on images with salt and pepper)",
      ).choices(denoiseChoices),
    )
    .option("--mirror", "train a head on mirrored images too")
    .option(
      "--views <number>",
      `random views of each image that a head or last layers learn from, up to ${mostRandomViews} (default: 0, 6)`,
      parseViews,
    )
    .option(
      "--budget <time>",
      "most time until the model is promoted, such as 60s or 10m; cross-validation and report follow",
      parseDuration,
    );
}

/** The job that the options ask for. */
export function jobRequest(
  options: JobOptions,
  rest: Pick<JobRequest, "alias" | "by" | "runId">,
): JobRequest {
  const { data, limit, seed, model, engine, mode, backbone, teacher, mirror, views, denoise, intendedUse } =
    options;
  return {
    ...rest,
    data,
    limit,
    trainShare: options.trainShare,
    testShare: options.testShare,
    groupBy: options.groupBy,
    withFeedback: options.feedback,
    seed,
    model,
    engine,
    workers: options.workers,
    intendedUse,
    metadata: options.metadata,
    targetPrecision: options.targetPrecision,
    wishes: { mode, backbone, teacher, mirror, views, denoise, scratch: scratchRequest(options) },
    budgetMs: options.budget ?? null,
    cacheRoot: cacheRootOf(options),
  };
}

/** Folder for what is drawn or unpacked: `--cache`, else `datasets` beside the store. */
export function cacheRootOf({ cache, store }: { readonly cache?: string; readonly store: string }): string {
  return cache ?? join(dirname(store), "datasets");
}

/** A reporter that talks on stderr. */
export function terminalReporter(output: Output): Reporter {
  return { say: output.say, progress: createProgress };
}

/** What a job found, as lines for people. */
export function describeJob(result: JobResult): string[] {
  const { manifest, evaluation, linearBaseline, crossValidation, bundleBytes, floatBytes } = result;
  const { float, bundle } = manifest.metrics;
  const rows = [
    ["", "top-1", "macro F1", "ECE", "weights"],
    [
      "float model",
      percent(float.top1Accuracy),
      float.macroF1.toFixed(3),
      float.expectedCalibrationError.toFixed(3),
      sizeText(floatBytes),
    ],
    [
      `bundle (${manifest.quantization.scheme})`,
      percent(bundle.top1Accuracy),
      bundle.macroF1.toFixed(3),
      bundle.expectedCalibrationError.toFixed(3),
      sizeText(bundleBytes),
    ],
  ];
  if (linearBaseline !== null) {
    rows.push(["linear model on the pixels", percent(linearBaseline.testTop1Accuracy), "", "", ""]);
  }
  return [
    `${manifest.model} ${manifest.version}, on ${bundle.images} held-out images:`,
    ...table(rows),
    `bundle top-1 with its 95 % interval: ${shareText(evaluation.top1)}`,
    ...(crossValidation === null ? [] : [describeCrossValidation(crossValidation)]),
    ...(evaluation.unknown === undefined ? [] : [describeUnknown(evaluation.unknown)]),
    ...(evaluation.precisionTarget === undefined ? [] : [describeTarget(evaluation.precisionTarget)]),
    `${describeSpeeds(result.speeds)}; ${result.seconds.toFixed(1)} s until it was promoted`,
  ];
}

function describeCrossValidation({ folds, images, top1Accuracy, interval, choice }: CrossValidation): string {
  const range = `${percent(interval.low)} to ${percent(interval.high)}`;
  return (
    `${folds}-fold cross-validation: ${percent(top1Accuracy)} of ${images} images, 95 % interval ${range}` +
    (choice === "once" ? ", the way to learn chosen once for all folds" : "")
  );
}

/**
 * What a job found, for machines.
 * @param measured more top-1 accuracies, e.g. of the answers over HTTP
 */
export function jobSummary(
  result: JobResult,
  measured: { readonly served?: number } = {},
): Record<string, unknown> {
  const { manifest } = result;
  return {
    model: manifest.model,
    version: manifest.version,
    top1Accuracy: {
      float: manifest.metrics.float.top1Accuracy,
      bundle: manifest.metrics.bundle.top1Accuracy,
      ...measured,
      linearBaseline: result.linearBaseline?.testTop1Accuracy ?? null,
    },
    top1Interval: [result.evaluation.top1.low, result.evaluation.top1.high],
    unknown: result.evaluation.unknown,
    precisionTarget: result.evaluation.precisionTarget,
    mode: result.plan.mode,
    why: result.why,
    plan: result.plan,
    crossValidation: result.crossValidation,
    fewImages: result.fewImages,
    weightsSha256: result.weightsSha256,
    macroF1: manifest.metrics.bundle.macroF1,
    expectedCalibrationError: manifest.metrics.bundle.expectedCalibrationError,
    seconds: Math.round(result.seconds * 10) / 10,
    bundleBytes: result.bundleBytes,
    floatBytes: result.floatBytes,
    quantization: manifest.quantization.scheme,
    images: manifest.metrics.bundle.images,
    imagesPerSecond: Object.fromEntries(
      result.speeds.map(({ stage, images, seconds }) => [stage, images / Math.max(seconds, 1e-3)]),
    ),
    skipped: result.dataset.manifest.skipped.length,
  };
}

/** The file or version itself is opened once the images are known; a slip of the pen is told at once. */
function parseBackbone(text: string): string {
  const names = backbones.map(({ name }) => name);
  if (names.includes(text) || mayBeOwnBackbone(text)) return text;
  throw new InvalidArgumentError(
    `got "${text}", which is neither a file nor model@version; the nets known by name are ${names.join(", ")}.`,
  );
}

function parseViews(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= mostRandomViews) return value;
  throw new InvalidArgumentError(`got "${text}"; a whole number from 1 to ${mostRandomViews} is needed.`);
}

function parseSentence(text: string): string {
  if (text.length > 0 && text.length <= longestUse) return text;
  throw new InvalidArgumentError(`got ${text.length} characters; 1 to ${longestUse} are allowed.`);
}
