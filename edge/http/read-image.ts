import { AppError } from "../../shared/contract/errors.ts";
import { imageLimits } from "../../shared/image/codec-failure.ts";
import { readBody } from "./read-body.ts";

/** Room for the boundaries and headers of a multipart body, and for small fields that we pass over. */
const multipartOverheadBytes = 64 * 1024;

/**
 * The bytes of the image in a request: the body itself, or the one file of a multipart body.
 * The content type only tells these apart; what the image is, the codec finds out.
 * @throws {AppError} unsupported_media_type, payload_too_large, invalid_argument (not one file)
 */
export async function readImage(request: Request): Promise<Uint8Array> {
  const contentType = request.headers.get("content-type") ?? "";
  const mediaType = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (mediaType === "" || mediaType === "application/octet-stream" || mediaType.startsWith("image/")) {
    return readBody(request, imageLimits.maxBytes);
  }
  if (mediaType === "multipart/form-data") {
    const body = await readBody(request, imageLimits.maxBytes + multipartOverheadBytes);
    return onlyFile(body, contentType);
  }
  throw new AppError(
    "unsupported_media_type",
    `the content type is ${mediaType}; send the image as it is with image/jpeg, image/png, image/webp or ` +
      "application/octet-stream, or as one file of multipart/form-data",
  );
}

async function onlyFile(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<Uint8Array> {
  const form = await parseForm(body, contentType);
  const files: File[] = [];
  for (const value of form.values()) if (value instanceof File) files.push(value);
  const [file, second] = files;
  if (file === undefined || second !== undefined) {
    throw new AppError(
      "invalid_argument",
      `the form has ${files.length} files, it must have 1: the image, with a file name`,
    );
  }
  return new Uint8Array(await file.arrayBuffer());
}

async function parseForm(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormData> {
  try {
    return await new Response(body, { headers: { "content-type": contentType } }).formData();
  } catch (cause) {
    throw new AppError(
      "invalid_argument",
      "the multipart body does not parse; let the HTTP client write the content type with its boundary",
      { cause },
    );
  }
}
