import { AppError } from "../../shared/contract/errors.ts";

/** What the SDK tells of a failed request; absent where no answer came. */
interface FailedRequest {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/** The HTTP status that failed a request of the SDK, 0 where no answer came. */
export function statusOf(error: unknown): number {
  return asFailed(error)?.$metadata?.httpStatusCode ?? 0;
}

/** How often the SDK tried a request that failed in the end. */
export function attemptsOf(error: unknown): number {
  return asFailed(error)?.$metadata?.attempts ?? 1;
}

/**
 * The error that tells a person why a bucket did not do what it was asked.
 * @param doing what was tried, e.g. `read models/a.json`
 */
export function storeError(error: unknown, place: { readonly bucket: string }, doing: string): AppError {
  if (error instanceof AppError) return error;
  const name = error instanceof Error ? error.name : "";
  const cause = { cause: error };
  const what = `cannot ${doing} in bucket ${place.bucket}`;
  if (name === "NoSuchBucket") {
    return new AppError(
      "invalid_argument",
      `${what}: there is no such bucket; create it or name another`,
      cause,
    );
  }
  if (name === "CredentialsProviderError") {
    return new AppError(
      "invalid_argument",
      `${what}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE`,
      cause,
    );
  }
  const status = statusOf(error);
  if (status === 401 || status === 403) {
    return new AppError(
      "invalid_argument",
      `${what}: refused (${name}); check the credentials and what their policy allows`,
      cause,
    );
  }
  const reason = error instanceof Error ? `${name}: ${error.message}` : String(error);
  return new AppError(
    "store_unavailable",
    `${what}: ${reason}${status === 0 ? "" : ` (status ${status})`}; check endpoint and region, then try again`,
    cause,
  );
}

function asFailed(error: unknown): FailedRequest | null {
  // The SDK's errors carry $metadata; any other error lacks it, which every reader here allows.
  return typeof error === "object" && error !== null ? error : null;
}
