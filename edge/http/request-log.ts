import type { MiddlewareHandler } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";

/** Logs one line a request: what was asked and what came of it, never the query, the headers, the body or a token. */
export function requestLog(services: Pick<Services, "log" | "clock">): MiddlewareHandler<AppEnvironment> {
  return async function logRequest(context, next) {
    const startedAt = services.clock();
    await next();
    services.log({
      level: "info",
      event: "request",
      requestId: context.get("requestId"),
      method: context.req.method,
      path: withoutToken(context.req.path),
      status: context.res.status,
      durationMs: services.clock() - startedAt,
    });
  };
}

/** A path as it may be logged and told: cameras carry their token in it. */
export function withoutToken(path: string): string {
  return path.replace(/^(\/f\/[^/]*\/)[^/]*/, "$1…");
}
