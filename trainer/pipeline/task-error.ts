import { isAppError } from "../../shared/contract/errors.ts";

/**
 * A task's failure as a state machine sees it: named by its code, since `Retry` and `Catch` compare names only.
 * An error that is none of ours stays as it is.
 */
export function asTaskError(error: unknown): unknown {
  if (!isAppError(error)) return error;
  const named = new Error(error.message, { cause: error });
  named.name = error.code;
  return named;
}
