import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { isMissing } from "../storage/errno.ts";
import type { ChannelOrder } from "./channel-order.ts";
import { importedView } from "./import-model.ts";
import { cannotImport } from "./tfjs/net.ts";
import type { PixelRange } from "./tfjs/convert-tfjs.ts";

/** What a net takes for an image. */
export interface ImageForm {
  readonly pixels: PixelRange;
  readonly channels: ChannelOrder;
  /** Share of the centre that it is shown. */
  readonly cropFraction: number;
}

/** What is known of an export by the files that lie beside it: the image as its maker's own code gives it to the net. */
export interface KnownExport extends ImageForm {
  /** Name of the file with the labels. */
  readonly labels: string;
  /** Who made it, and by what it was recognised. */
  readonly by: string;
}

/** What the net of anybody else is taken to want. */
export const assumedForm: ImageForm = {
  pixels: "-1..1",
  channels: "rgb",
  cropFraction: importedView.cropFraction,
};

/** A model's file, and what lies beside it. */
export interface ModelFile {
  readonly file: Uint8Array;
  /** Gives another file of its folder. @throws invalid_argument when it cannot be read */
  readonly readFile: (name: string) => Promise<Uint8Array>;
  /** `null` for an export of nobody we know. */
  readonly known: KnownExport | null;
}

/**
 * Reads a .tflite file or a model.json, and recognises the TensorFlow.js exports of Azure Custom Vision by their
 * cvexport.manifest or metadata, and those of Vertex AI (AutoML Vision Edge) by their dict.txt.
 * @throws invalid_argument when it cannot be read, unsupported_model for an export of something else than a classifier
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const file = await readNamed(path, "a .tflite file or a model.json");
  const beside = (name: string): string => join(dirname(path), name);
  const isJson = file[0] === 0x7b;
  return {
    file,
    readFile: (name) => readNamed(beside(name), "a model.json whose weights lie beside it"),
    known: isJson
      ? ((await recogniseAzure(file, beside("cvexport.manifest"))) ??
        (await recogniseVertex(beside("dict.txt"))))
      : null,
  };
}

/** Reads a file that the user named. @throws invalid_argument saying what is wanted */
export async function readNamed(path: string, wanted: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new AppError("invalid_argument", `cannot read ${path}; name ${wanted}`, { cause });
  }
}

const azureSchema = z.object({
  DomainType: z.string(),
  Flavor: z.literal("TensorFlowJs"),
  LabelFileName: z.optional(z.nullable(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/)))),
});
const metadataSchema = z.object({
  userDefinedMetadata: z.object({ "Image.BitmapPixelFormat": z.enum(["Rgb8", "Bgr8"]) }),
});

/**
 * The rules of Microsoft's own `customvision-tfjs` 1.3: pixels stay 0 to 255, the centre square is shown, and channels
 * are turned round unless the model's metadata says `Rgb8`.
 */
async function recogniseAzure(model: Uint8Array, manifest: string): Promise<KnownExport | null> {
  const exported = z.safeParse(azureSchema, parseJson(await readIfThere(manifest)));
  const metadata = z.safeParse(metadataSchema, parseJson(model));
  if (!exported.success && !metadata.success) return null;
  const { DomainType: domain = "Classification", LabelFileName: labels } = exported.data ?? {};
  if (domain !== "Classification") {
    throw cannotImport("the model", `its cvexport.manifest says ${domain}; allowed is Classification`);
  }
  const format = metadata.data?.userDefinedMetadata["Image.BitmapPixelFormat"] ?? "Bgr8";
  return {
    pixels: "0..255",
    channels: format === "Rgb8" ? "rgb" : "bgr",
    cropFraction: 1,
    labels: labels ?? "labels.txt",
    by: `Azure Custom Vision (${exported.success ? "cvexport.manifest" : "Image.BitmapPixelFormat"})`,
  };
}

/** The rules of Google's own `tfjs-automl` 1.3: pixels from -1 to 1, the centre square. */
async function recogniseVertex(dictionary: string): Promise<KnownExport | null> {
  if ((await readIfThere(dictionary)) === null) return null;
  const by = "Vertex AI, AutoML Vision Edge (dict.txt)";
  return { pixels: "-1..1", channels: "rgb", cropFraction: 1, labels: "dict.txt", by };
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (isMissing(error)) return null;
    throw new AppError("invalid_argument", `cannot read ${path}, which lies beside the model`, {
      cause: error,
    });
  }
}

function parseJson(bytes: Uint8Array | null): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
  } catch {
    return null;
  }
}
