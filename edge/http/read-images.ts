import {
  type ClassifyOptions,
  imageRequestSchema,
  imagesRequestSchema,
  requestLimits,
} from "../../shared/contract/classify-request.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import { imageLimits } from "../../shared/image/codec-failure.ts";
import { decodeBase64 } from "./decode-base64.ts";
import { jsonOf } from "./json-body.ts";
import { type FormPart, parseParts } from "./multipart.ts";
import { readBody } from "./read-body.ts";

/** An image as it was sent. */
export interface SentImage {
  /** File name of a form, else `null`. */
  readonly name: string | null;
  /** The encoded image. @throws {AppError} payload_too_large, invalid_argument */
  readonly read: () => Uint8Array;
}

/** What a request brought: one image, or a list, which is answered by a list. */
export type SentImages = { readonly options: ClassifyOptions } & (
  | { readonly kind: "one"; readonly image: SentImage }
  | { readonly kind: "several"; readonly images: readonly SentImage[] }
);

/**
 * The images of a request: the body itself, the files of a form, or base64 in JSON.
 * The content type only tells these apart; what an image is, the codec finds out.
 * @throws {AppError} unsupported_media_type, payload_too_large, invalid_argument
 */
export async function readImages(request: Request): Promise<SentImages> {
  const contentType = request.headers.get("content-type") ?? "";
  const mediaType = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (mediaType === "" || mediaType === "application/octet-stream" || mediaType.startsWith("image/")) {
    const bytes = await readBody(request, imageLimits.maxBytes);
    return { kind: "one", image: { name: null, read: () => bytes }, options: {} };
  }
  if (mediaType === "multipart/form-data") {
    return imagesOfForm(parseParts(await readBody(request, requestLimits.bodyBytes), contentType));
  }
  if (mediaType === "application/json") {
    return imagesOfJson(jsonOf(await readBody(request, requestLimits.bodyBytes), '{"image": "<base64>"}'));
  }
  throw new AppError(
    "unsupported_media_type",
    `the content type is ${mediaType}; send the image as it is with image/jpeg, image/png, image/webp or ` +
      "application/octet-stream, as a file of multipart/form-data, or as base64 in application/json",
  );
}

/** The images of a form: its files, whatever their fields are called. @throws {AppError} invalid_argument */
export function imagesOfForm(form: readonly FormPart[]): SentImages {
  const images = form
    .filter((part) => part.isFile)
    .map(({ name, bytes }): SentImage => ({ name, read: () => withinLimit(bytes) }));
  const [image, second] = images;
  if (image === undefined || images.length > requestLimits.images) {
    throw new AppError(
      "invalid_argument",
      `the form has ${images.length} files, it must have 1 to ${requestLimits.images}: images, each with a file name`,
    );
  }
  return second === undefined
    ? { kind: "one", image, options: {} }
    : { kind: "several", images, options: {} };
}

function withinLimit(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= imageLimits.maxBytes) return bytes;
  throw new AppError(
    "payload_too_large",
    `the image has ${bytes.length} bytes, the limit is ${imageLimits.maxBytes}; send a smaller image`,
  );
}

function imagesOfJson(value: unknown): SentImages {
  if (typeof value === "object" && value !== null && "images" in value) {
    const { images, ...options } = parseWith(imagesRequestSchema, value, "the JSON body");
    return { kind: "several", images: images.map(sentAsText), options };
  }
  const { image, ...options } = parseWith(imageRequestSchema, value, "the JSON body");
  return { kind: "one", image: sentAsText(image), options };
}

function sentAsText(text: string): SentImage {
  return { name: null, read: () => decodeBase64(text, imageLimits.maxBytes) };
}
