import type { ErrorCode } from "../../shared/contract/errors.ts";
import type { Problem } from "../../shared/contract/problem.ts";

/** Why a call failed: a code of the server, or what kept its answer away. */
export type ClientErrorCode = ErrorCode | "aborted" | "timeout" | "unreachable" | "unexpected_answer";

/** The only error that a client throws. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;
  /** HTTP status, `null` where there was no answer. */
  readonly status: number | null;
  /** The server's own words (RFC 9457), where it spoke. */
  readonly problem: Problem | null;
  /** Id to quote to whoever runs the server. */
  readonly requestId: string | null;
  /** Seconds after which the server would like to be asked again. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ClientErrorCode,
    message: string,
    facts: Partial<Pick<ClientError, "status" | "problem" | "requestId" | "retryAfterSeconds">> & {
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.status = facts.status ?? null;
    this.problem = facts.problem ?? null;
    this.requestId = facts.requestId ?? null;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
  }

  /** Whether the same call may succeed later. */
  get isRetryable(): boolean {
    if (this.code === "unreachable" || this.code === "timeout") return true;
    return this.status !== null && retryableStatuses.has(this.status);
  }
}

/** Too early, too many, and what proxies and overloaded servers answer; 500 is a mistake that a repetition repeats. */
const retryableStatuses: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** The error that an answer tells of. @param nowMs milliseconds since 1970, for a `Retry-After` that is a date */
export function errorOfAnswer(response: Response, body: unknown, nowMs: number): ClientError {
  const { status, headers } = response;
  const facts = {
    status,
    requestId: headers.get("x-request-id"),
    retryAfterSeconds: secondsOf(headers.get("retry-after"), nowMs),
  };
  if (isProblem(body)) return new ClientError(body.code, body.detail, { ...facts, problem: body });
  return new ClientError(
    "unexpected_answer",
    `the answer, HTTP ${status}, is none of edgewise; is the URL right?`,
    facts,
  );
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === "object" &&
    body !== null &&
    "code" in body &&
    typeof body.code === "string" &&
    "status" in body &&
    "detail" in body &&
    typeof body.detail === "string"
  );
}

/** Seconds of a `Retry-After`: a number of them, or a date (RFC 9110, section 10.2.3). */
function secondsOf(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - nowMs) / 1000);
}
