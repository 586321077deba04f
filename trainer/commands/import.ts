import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import { loadCodec, loadJpegEncoder } from "../assets.ts";
import { openInference } from "../engine/open-inference.ts";
import { importModel } from "../import/import-model.ts";
import { createRunId } from "../job/run-id.ts";
import { projectRoot } from "../project-root.ts";
import { promote } from "../release/promote.ts";
import { collectProvenance, type Provenance } from "../release/provenance.ts";
import { publishVersion } from "../release/publish.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { sizeText } from "../terminal/table.ts";
import { type CommonOptions, parseName, withCommonOptions } from "./common-options.ts";

interface ImportOptions extends CommonOptions {
  readonly labels: string;
  readonly licence: string;
  readonly alias: string;
  readonly promote: boolean;
}

/** Adds `import`: publishes a classifier that was trained elsewhere. */
export function addImportCommand(program: Command): void {
  const command = program
    .command("import")
    .description("publish and promote a TensorFlow Lite image classifier, float or quantised, as it is")
    .argument("<file>", "a .tflite file of one RGB image in and one list of classes out")
    .requiredOption("--labels <file>", "text file with one label a line, in the order of the classes")
    .option("--licence <text>", "licence of the model, for its card", "not stated")
    .option("--alias <name>", "the alias to promote to", parseName, defaultAlias)
    .option("--no-promote", "publish only; promote it later with `edgewise promote`");
  withCommonOptions(command, [
    "npm run edgewise -- import mobilenet_v2.tflite --labels labels.txt --licence Apache-2.0",
    "npm run edgewise -- import birds.tflite --labels birds.txt --model birds --no-promote",
  ]).action(async (path: string, options: ImportOptions) => {
    const output = createOutput(options.json);
    const file = await readInput(path, "a .tflite file");
    const labelFile = await readInput(options.labels, "a text file with one label a line");
    await openInference();
    const bundle = await importModel({
      file,
      labelFile,
      model: options.model,
      licence: options.licence,
      provenance: await describeOrigin(path, file, options.seed),
      codec: loadCodec(),
      encodeJpeg: loadJpegEncoder(),
      now: () => new Date(),
    });
    for (const label of bundle.renamedLabels) output.say(`two classes have one label; one is now "${label}"`);
    const store = await openStore(options.store);
    const { manifest, weightBytes } = bundle;
    const { model, version, labels, quantization, input } = manifest;
    const published = await publishVersion(store, bundle);
    output.answer(
      `published ${model} ${version}: ${labels.length} classes, ${input.width}x${input.height} pixels, ` +
        `weights ${quantization.scheme} ${sizeText(weightBytes)}; not evaluated here`,
    );
    if (options.promote) {
      const move = { model, alias: options.alias, by: "edgewise import", now: () => new Date() };
      await promote(store, { ...move, version });
      output.answer(`${model}/${options.alias} -> ${version}`);
    }
    output.result({
      ...published,
      classes: labels.length,
      quantization: quantization.scheme,
      weightBytes,
      promoted: options.promote ? options.alias : null,
    });
  });
}

async function readInput(path: string, wanted: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new AppError("invalid_argument", `cannot read ${path}; name ${wanted}`, { cause });
  }
}

async function describeOrigin(path: string, file: Uint8Array, seed: number): Promise<Provenance> {
  const startedAt = new Date();
  const importedFrom = { file: basename(path), sha256: await sha256Hex(file) };
  return collectProvenance(projectRoot, {
    runId: createRunId(startedAt),
    startedAt,
    dataset: null,
    importedFrom,
    config: { importedFrom },
    seed,
    engine: "none",
  });
}
