import * as z from "zod/mini";
import { AppError, errorCodes, type ErrorCode } from "./errors.ts";

/** RFC 9457 body of a failed HTTP request, with our stable `code`; some answers add members. */
export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int().check(z.gte(400), z.lte(599)),
  detail: z.string(),
  /** `urn:request:` and the id of the request. */
  instance: z.string(),
  code: z.enum(errorCodes),
});

/** RFC 9457 body of a failed HTTP request, with our stable `code`. */
export type Problem = z.infer<typeof problemSchema>;

/** Content type of a {@link Problem} (RFC 9457, section 3). */
export const problemMediaType = "application/problem+json";

const known: Readonly<Record<ErrorCode, { readonly status: number; readonly title: string }>> = {
  invalid_argument: { status: 400, title: "Invalid argument" },
  unsupported_media_type: { status: 415, title: "Unsupported media type" },
  invalid_image: { status: 400, title: "Image does not decode" },
  image_too_large: { status: 413, title: "Image too large" },
  payload_too_large: { status: 413, title: "Payload too large" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  range_not_satisfiable: { status: 416, title: "Range not satisfiable" },
  request_timeout: { status: 408, title: "Request took too long" },
  unauthorized: { status: 401, title: "API key needed" },
  forbidden: { status: 403, title: "Not allowed" },
  rate_limited: { status: 429, title: "Too many requests" },
  quota_exceeded: { status: 429, title: "Daily quota used up" },
  idempotency_mismatch: { status: 422, title: "Idempotency key used for another request" },
  idempotency_in_progress: { status: 409, title: "Request under way" },
  invalid_manifest: { status: 500, title: "Invalid model manifest" },
  integrity_mismatch: { status: 500, title: "Integrity mismatch" },
  unsupported_model: { status: 500, title: "Unsupported model" },
  self_test_failed: { status: 500, title: "Model self-test failed" },
  invalid_dataset: { status: 400, title: "Invalid dataset" },
  invalid_archive: { status: 400, title: "Invalid archive" },
  budget_exceeded: { status: 500, title: "Budget exceeded" },
  interrupted: { status: 503, title: "Interrupted" },
  precondition_failed: { status: 412, title: "Precondition failed" },
  already_exists: { status: 409, title: "Already exists" },
  already_reviewed: { status: 409, title: "Already reviewed" },
  overloaded: { status: 503, title: "Overloaded" },
  invalid_keys: { status: 500, title: "Invalid API keys" },
  keys_unavailable: { status: 503, title: "API keys unavailable" },
  model_unavailable: { status: 503, title: "Model unavailable" },
  store_unavailable: { status: 503, title: "Store unavailable" },
  engine_unavailable: { status: 503, title: "Engine unavailable" },
  internal: { status: 500, title: "Internal error" },
};

/** HTTP status (100-599) that answers an error of this code. */
export function statusOf(code: ErrorCode): number {
  return known[code].status;
}

/**
 * The problem that tells a client about `error`.
 * A status of 500 hides the message: its cause belongs in the log under the same request id.
 * @param requestId the id of the request, shown as `urn:request:<id>`
 */
export function toProblem(error: unknown, requestId: string): Problem {
  const code = error instanceof AppError ? error.code : "internal";
  const { status, title } = known[code];
  const detail =
    error instanceof AppError && status !== 500
      ? error.message
      : "the server failed to answer this request; quote the request id when you report it";
  return {
    type: `urn:edgewise:problem:${code}`,
    title,
    status,
    detail,
    instance: `urn:request:${requestId}`,
    code,
  };
}
