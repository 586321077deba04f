import { ConsoleError, isRecord } from "./api.js";
import { asSentence } from "./format.js";

/**
 * The error for an answer that is not what was asked for, in the words of its problem (RFC 9457).
 * @param {Response} response
 * @param {unknown} body
 */
export function failure(response, body) {
  const detail = isRecord(body) && typeof body["detail"] === "string" ? body["detail"] : "";
  return new ConsoleError(`The server answered ${response.status}`, asSentence(detail));
}
