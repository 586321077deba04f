import { AppError } from "../../shared/contract/errors.ts";

const dataUriHead = /^data:[^,]{0,255},/i;

/**
 * The bytes of base64 text, of either alphabet, with or without padding and white space, or of a data URI of it.
 * @param limitBytes more are refused before they are decoded
 * @throws {AppError} payload_too_large, invalid_argument
 */
export function decodeBase64(text: string, limitBytes: number): Uint8Array {
  const head = dataUriHead.exec(text)?.[0] ?? "";
  if (head !== "" && !/;base64,$/i.test(head)) {
    throw new AppError("invalid_argument", "the data URI is not base64; send data:image/jpeg;base64,...");
  }
  const encoded = text.slice(head.length);
  if (encoded.length > Math.ceil(limitBytes / 3) * 4) {
    throw new AppError(
      "payload_too_large",
      `the image has about ${Math.floor((encoded.length / 4) * 3)} bytes, the limit is ${limitBytes}; send a smaller image`,
    );
  }
  try {
    return Uint8Array.fromBase64(encoded, { alphabet: /[-_]/.test(encoded) ? "base64url" : "base64" });
  } catch (cause) {
    throw new AppError("invalid_argument", "the image is not base64; send the encoded file, not its path", {
      cause,
    });
  }
}
