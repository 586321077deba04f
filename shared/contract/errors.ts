/** Every failure edgewise names. Stable, snake_case, part of the HTTP and CLI contract. */
export const errorCodes = [
  // the caller's request
  "invalid_argument",
  "unsupported_media_type",
  "invalid_image",
  "image_too_large",
  "payload_too_large",
  "not_found",
  "method_not_allowed",
  "range_not_satisfiable",
  "request_timeout",
  "unauthorized",
  "forbidden",
  "rate_limited",
  "quota_exceeded",
  "idempotency_mismatch",
  "idempotency_in_progress",
  // artefacts and data
  "invalid_manifest",
  "integrity_mismatch",
  "unsupported_model",
  "self_test_failed",
  "invalid_dataset",
  "invalid_archive",
  "budget_exceeded",
  "interrupted",
  // stores and services
  "precondition_failed",
  "already_exists",
  "already_reviewed",
  "model_unavailable",
  "overloaded",
  "invalid_keys",
  "keys_unavailable",
  "engine_unavailable",
  "store_unavailable",
  "internal",
] as const;

/** One stable name of a failure; see {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

/** Facts about a failure that machines may read; never secrets, never image bytes. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The only error edgewise throws on purpose.
 * The message says what was wrong, what was got, what is allowed and what to do.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: ErrorDetails } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Whether `error` is an {@link AppError}, of the given code when one is named. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}
