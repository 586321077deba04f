import { basename } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import { loadCodec, loadJpegEncoder } from "../assets.ts";
import { openInference } from "../engine/open-inference.ts";
import { type ChannelOrder, channelOrders } from "../import/channel-order.ts";
import { importedView, type ImportedView, importModel } from "../import/import-model.ts";
import { labelsOfMetadata } from "../import/label-file.ts";
import {
  assumedForm,
  type ImageForm,
  type ModelFile,
  readModelFile,
  readNamed,
} from "../import/model-file.ts";
import { type PixelRange, pixelRanges } from "../import/tfjs/convert-tfjs.ts";
import { createRunId } from "../job/run-id.ts";
import { projectRoot } from "../project-root.ts";
import { promote } from "../release/promote.ts";
import { collectProvenance, type Provenance } from "../release/provenance.ts";
import { publishVersion } from "../release/publish.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { sizeText } from "../terminal/table.ts";
import { type CommonOptions, parseName, parsePositive, withCommonOptions } from "./common-options.ts";

interface ImportOptions extends CommonOptions {
  readonly labels?: string;
  readonly pixels?: PixelRange;
  readonly channels?: ChannelOrder;
  readonly size?: number;
  readonly fit: ImportedView["fit"];
  readonly crop?: number;
  readonly floats: boolean;
  readonly licence: string;
  readonly alias: string;
  readonly promote: boolean;
}

/** Adds `import`: publishes a classifier that was trained elsewhere. */
export function addImportCommand(program: Command): void {
  const command = program
    .command("import")
    .description(
      "publish and promote a TensorFlow Lite or TensorFlow.js image classifier as it is, without Python",
    )
    .argument("<file>", "a .tflite file, or a model.json with its weights beside it")
    .option(
      "--labels <file>",
      "text file with one label a line, in the order of the classes (default: what an export lays beside its model.json)",
    )
    .addOption(
      new Option(
        "--pixels <range>",
        `the numbers a model.json takes for black and white (default: as its export is known to, else ${assumedForm.pixels})`,
      ).choices(Object.keys(pixelRanges)),
    )
    .addOption(
      new Option(
        "--channels <order>",
        `the order of the channels that it takes (default: as its export is known to, else ${assumedForm.channels})`,
      ).choices(channelOrders),
    )
    .option("--size <pixels>", "side of the image, where a model.json leaves it open", parsePositive)
    .addOption(
      new Option("--fit <rule>", "how images are cut to the model's size")
        .choices(["cover-crop", "stretch", "letterbox"])
        .default(importedView.fit),
    )
    .option(
      "--crop <fraction>",
      `share of the centre that cover-crop keeps (default: as its export is known to, else ${assumedForm.cropFraction})`,
      parseShare,
    )
    .option(
      "--floats",
      "compute a quantised net in floats, slower, but to the same answers as tfjs on a device gives",
      false,
    )
    .option("--licence <text>", "licence of the model, for its card", "not stated")
    .option("--alias <name>", "the alias to promote to", parseName, defaultAlias)
    .option("--no-promote", "publish only; promote it later with `edgewise promote`");
  withCommonOptions(command, [
    "npm run edgewise -- import mobilenet_v2.tflite --labels labels.txt --licence Apache-2.0",
    "npm run edgewise -- import birds.tflite --labels birds.txt --model birds --no-promote",
    "npm run edgewise -- import teachable/model.json --crop 1",
    "npm run edgewise -- import customvision/model.json",
    "npm run edgewise -- import caffe/model.json --labels birds.txt --pixels 0..255 --channels bgr",
    "npm run edgewise -- import nsfwjs/model.json --labels nsfw.txt --pixels 0..1 --fit stretch",
  ]).action(importFile);
}

async function importFile(path: string, options: ImportOptions): Promise<void> {
  const output = createOutput(options.json);
  const { file, readFile, known } = await readModelFile(path);
  const { pixels, channels, cropFraction } = imageForm(options, known);
  if (known !== null) {
    output.say(`exported by ${known.by}: pixels ${pixels}, channels ${channels}, crop ${cropFraction}`);
  }
  const labelFile = await readLabels({ readFile, known }, options.labels);
  await openInference();
  const bundle = await importModel({
    file,
    readFile,
    assumptions: { pixels, size: options.size ?? null },
    channels,
    view: { fit: options.fit, cropFraction },
    inFloats: options.floats,
    labelFile,
    model: options.model,
    licence: options.licence,
    provenance: await describeOrigin(path, file, { pixels, channels, cropFraction }, options.seed),
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
    exportedBy: known?.by ?? null,
    promoted: options.promote ? options.alias : null,
  });
}

/** What the options say of the image, else what the export is known to take. */
function imageForm(options: ImportOptions, known: ImageForm | null): ImageForm {
  const form = known ?? assumedForm;
  const { pixels = form.pixels, channels = form.channels, crop: cropFraction = form.cropFraction } = options;
  return { pixels, channels, cropFraction };
}

/** The label file, or the labels that an export lays beside its model. */
async function readLabels(
  { readFile, known }: Pick<ModelFile, "readFile" | "known">,
  labels: string | undefined,
): Promise<Uint8Array> {
  if (labels !== undefined) return readNamed(labels, "a text file with one label a line");
  const lines = known === null ? null : await readFile(known.labels).catch(() => null);
  const metadata = lines === null ? await readFile("metadata.json").catch(() => null) : null;
  const found = lines ?? (metadata === null ? null : labelsOfMetadata(metadata));
  if (found !== null) return found;
  throw new AppError(
    "invalid_argument",
    "no labels were named; add --labels and a text file with one label a line, in the order of the classes",
  );
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError(`got "${text}"; a number above 0, at most 1, is needed.`);
}

async function describeOrigin(
  path: string,
  file: Uint8Array,
  form: ImageForm,
  seed: number,
): Promise<Provenance> {
  const startedAt = new Date();
  const importedFrom = { file: basename(path), sha256: await sha256Hex(file) };
  return collectProvenance(projectRoot, {
    runId: createRunId(startedAt),
    startedAt,
    dataset: null,
    importedFrom,
    config: { importedFrom, ...form },
    seed,
    engine: "none",
  });
}
