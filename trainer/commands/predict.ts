import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import type { Classification } from "../../shared/contract/classify.ts";
import { loadCodec } from "../assets.ts";
import { openPublished } from "../release/load-published.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { percent } from "../terminal/table.ts";
import { type CommonOptions, parsePositive, withCommonOptions } from "./common-options.ts";

interface PredictOptions extends CommonOptions {
  readonly alias: string;
  readonly version?: string;
  readonly topK: number;
}

type Answer =
  | ({ readonly image: string } & Classification)
  | { readonly image: string; readonly error: string; readonly detail: string };

/** Adds `predict`: classifies files with a published version, without a server. */
export function addPredictCommand(program: Command): void {
  const command = program
    .command("predict")
    .description("classify image files with a published version, by the code that serves")
    .argument("<image...>", "JPEG, PNG or WebP files")
    .option("--alias <name>", "use the version of this alias", defaultAlias)
    .option("--version <version>", "use this version")
    .option("--top-k <number>", "classes to show of each image", parsePositive, 3);
  withCommonOptions(command, [
    "npm run edgewise -- predict photo.jpg",
    "npm run edgewise -- predict *.jpg --top-k 1 --json",
  ]).action(async (images: readonly string[], options: PredictOptions) => {
    const output = createOutput(options.json);
    const store = await openStore(options.store);
    const reference = options.version ?? options.alias;
    const { classifier, version } = await openPublished(store, options.model, reference, loadCodec());
    try {
      const answers: Answer[] = [];
      for (const image of images) {
        const answer = await answerOne(image, (bytes) => classifier.classify(bytes, { topK: options.topK }));
        answers.push(answer);
        output.answer(describeAnswer(answer));
      }
      output.result({ model: options.model, version, images: answers });
      // Those that could be read were answered; the exit code tells that some could not.
      if (answers.some((answer) => "error" in answer)) process.exitCode = 1;
    } finally {
      classifier.dispose();
    }
  });
}

async function answerOne(image: string, classify: (bytes: Uint8Array) => Classification): Promise<Answer> {
  try {
    const bytes = await readFile(image).catch((cause: unknown) => {
      throw new AppError("not_found", `cannot read ${image}; check the path`, { cause });
    });
    return { image, ...classify(bytes) };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { image, error: error.code, detail: error.message };
  }
}

function describeAnswer(answer: Answer): string {
  if ("error" in answer) return `${answer.image}: ${answer.error}: ${answer.detail}`;
  const classes = answer.predictions.map(({ label, probability }) => `${label} ${percent(probability)}`);
  return `${answer.image}: ${answer.unknown ? "unknown; " : ""}${classes.join(", ")}`;
}
