import type { Context } from "hono";
import { isAppError } from "../../shared/contract/errors.ts";
import { type Problem, toProblem } from "../../shared/contract/problem.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { failureBody } from "../dialects/failure-body.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings.ts";

/** The problem that tells of a failure. What a 5xx hides from the client goes to the log under the same request id. */
export function problemOf(error: unknown, requestId: string, services: Pick<Services, "log">): Problem {
  const problem = toProblem(error, requestId);
  if (problem.status >= 500 && problem.code !== "overloaded") {
    services.log({ level: "error", event: "failure", requestId, code: problem.code, ...describe(error) });
  }
  return problem;
}

/**
 * Answers a failure as RFC 9457 problem, or as the dialect of the path has it; see {@link problemOf}.
 * @param members more members of the problem
 */
export function answerProblem(
  error: unknown,
  context: Context<AppEnvironment>,
  services: Pick<Services, "log" | "settings">,
  members: Readonly<Record<string, unknown>> = {},
): Response {
  const problem = problemOf(error, context.get("requestId"), services);
  context.set("problemCode", problem.code);
  const retryAfter = retryAfterSeconds(error, problem.status, services.settings);
  if (retryAfter !== null) context.header("retry-after", String(retryAfter));
  if (problem.status === 401) context.header("www-authenticate", challengeOf(context));
  const { mediaType, body } = failureBody(context.req.path, { ...problem, ...members });
  context.header("content-type", mediaType);
  context.header("cache-control", "no-store");
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: context.res.headers,
  });
}

/** A person who opens an address is asked by the browser: the key is the password. Scripts must not make it ask. */
function challengeOf(context: Context<AppEnvironment>): string {
  const isOpenedByPerson = context.req.header("sec-fetch-mode") === "navigate";
  return `${isOpenedByPerson ? "Basic" : "Bearer"} realm="edgewise"`;
}

/** When to ask again, in whole seconds; `null` where asking again would not help. */
function retryAfterSeconds(error: unknown, status: number, { aliasPollMs }: Settings): number | null {
  const told = isAppError(error) ? error.details["retryAfterMs"] : undefined;
  if (typeof told !== "number" && status !== 503) return null;
  return Math.max(1, Math.ceil((typeof told === "number" ? told : aliasPollMs) / 1000));
}

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { reason: String(error) };
  return {
    reason: error.message,
    ...(isAppError(error) ? { details: error.details } : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
  };
}
