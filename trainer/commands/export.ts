import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { exportForTfjs } from "../release/export-tfjs.ts";
import { publishedSource } from "../release/load-published.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { sizeText } from "../terminal/table.ts";
import { type CommonOptions, withCommonOptions } from "./common-options.ts";

interface ExportOptions extends CommonOptions {
  readonly alias: string;
  readonly version?: string;
}

/** Adds `export`: writes a published version's model for tfjs clients without our loader. */
export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("write a published version's model for any TensorFlow.js client, with its labels and input")
    .argument("<folder>", "where model.json, weights.bin and metadata.json go")
    .option("--alias <name>", "the version of this alias", defaultAlias)
    .option("--version <version>", "this version");
  withCommonOptions(command, [
    "npm run edgewise -- export app/public/model",
    "npm run edgewise -- export out --model birds --alias challenger --json",
  ]).action(async (folder: string, options: ExportOptions) => {
    const output = createOutput(options.json);
    const store = await openStore(options.store);
    const reference = options.version ?? options.alias;
    const { version, manifestSha256, source } = await publishedSource(store, options.model, reference);
    const files = await exportForTfjs(source, manifestSha256 === null ? {} : { manifestSha256 });
    try {
      await mkdir(folder, { recursive: true });
      for (const { path, bytes } of files) await writeFile(join(folder, path), bytes);
    } catch (cause) {
      throw new AppError("invalid_argument", `cannot write to ${folder}; name a folder that may be made`, {
        cause,
      });
    }
    const sizeBytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    output.answer(
      `${folder}: ${options.model} ${version}, ${sizeText(sizeBytes)}; load it with tf.loadGraphModel`,
    );
    output.result({ model: options.model, version, files: files.map(({ path }) => path), bytes: sizeBytes });
  });
}
