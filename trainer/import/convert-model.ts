import { AppError } from "../../shared/contract/errors.ts";
import { type ChannelOrder, takeRgb } from "./channel-order.ts";
import { type ConvertedModel, convertTflite } from "./convert-tflite.ts";
import { readTfliteFile } from "./tflite-file.ts";
import { convertTfjs, type TfjsAssumptions } from "./tfjs/convert-tfjs.ts";

/** The file of a model that was trained elsewhere, and what it leaves open. */
export interface ModelSource {
  /** Of a .tflite file, or of a tfjs model.json. */
  readonly file: Uint8Array;
  /** Gives a file that lies beside a model.json: its weights. */
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** What a model.json does not say. */
  readonly assumptions: TfjsAssumptions;
  /** What no file says. @default "rgb" */
  readonly channels?: ChannelOrder;
}

/** Larger files hold more weights than a Worker can, however they are stored. */
const largestFileBytes = 64 * 1024 * 1024;

/**
 * Converts a TensorFlow Lite or TensorFlow.js model to a GraphModel of RGB pixels.
 * @throws invalid_argument for a file that is damaged, unsupported_model naming what is not run, budget_exceeded
 */
export async function convertModel({
  file,
  readFile,
  assumptions,
  channels,
}: ModelSource): Promise<{ readonly format: "tflite" | "tfjs"; readonly converted: ConvertedModel }> {
  if (file.length > largestFileBytes) {
    throw new AppError(
      "budget_exceeded",
      `the file has ${file.length} bytes, ${largestFileBytes} are allowed; use a smaller model`,
    );
  }
  // A model.json begins with a brace; a .tflite file has its mark at the fifth byte.
  const format = file[0] === 0x7b ? "tfjs" : "tflite";
  const converted =
    format === "tfjs" ? await convertTfjs(file, readFile, assumptions) : convertTflite(readTfliteFile(file));
  if (channels !== "bgr") return { format, converted };
  return { format, converted: { ...converted, graph: takeRgb(converted.graph) } };
}
