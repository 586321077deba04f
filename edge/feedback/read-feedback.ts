import { requestLimits } from "../../shared/contract/classify-request.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { type FeedbackRequest, feedbackRequestSchema } from "../../shared/contract/feedback.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import { imageLimits } from "../../shared/image/codec-failure.ts";
import { decodeBase64 } from "../http/decode-base64.ts";
import { parseJsonBody } from "../http/json-body.ts";
import { type FormPart, parseParts } from "../http/multipart.ts";
import { readBody } from "../http/read-body.ts";

/** What somebody says of an image. */
export interface SentFeedback {
  readonly request: Omit<FeedbackRequest, "image">;
  /** The encoded image, `null` where only its request is named. */
  readonly image: Uint8Array | null;
  /** The body as it came, for an `Idempotency-Key`. */
  readonly body: Uint8Array<ArrayBuffer>;
}

const hint = '{"label": "cat", "consent": true, "image": "<base64>"}';

/** Reads feedback from JSON, or from a form with one file. @throws {AppError} invalid_argument, payload_too_large, unsupported_media_type */
export async function readFeedback(request: Request): Promise<SentFeedback> {
  const contentType = request.headers.get("content-type") ?? "";
  const mediaType = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const body = await readBody(request, requestLimits.bodyBytes);
  if (mediaType === "application/json") {
    const { image, ...rest } = parseJsonBody(feedbackRequestSchema, body, hint);
    return {
      request: rest,
      image: image === undefined ? null : decodeBase64(image, imageLimits.maxBytes),
      body,
    };
  }
  if (mediaType === "multipart/form-data") return { ...ofForm(parseParts(body, contentType)), body };
  throw new AppError(
    "unsupported_media_type",
    `the content type is ${mediaType || "missing"}; send application/json like ${hint}, or multipart/form-data`,
  );
}

function ofForm(form: readonly FormPart[]): Omit<SentFeedback, "body"> {
  const files = form.filter((part) => part.isFile);
  if (files.length > 1)
    throw new AppError("invalid_argument", `the form has ${files.length} files; send one`);
  const fields = Object.fromEntries(
    form
      .filter((part) => !part.isFile)
      .map(({ field, bytes }) => [field ?? "", new TextDecoder().decode(bytes)]),
  );
  const { consent, index } = fields;
  const value = {
    ...fields,
    ...(consent === undefined
      ? {}
      : { consent: consent === "true" ? true : consent === "false" ? false : consent }),
    ...(index === undefined ? {} : { index: Number(index) }),
  };
  const { image: _, ...request } = parseWith(feedbackRequestSchema, value, "the form");
  const bytes = files[0]?.bytes ?? null;
  if (bytes !== null && bytes.length > imageLimits.maxBytes) {
    throw new AppError(
      "payload_too_large",
      `the image has ${bytes.length} bytes, the limit is ${imageLimits.maxBytes}; send a smaller image`,
    );
  }
  return { request, image: bytes };
}
