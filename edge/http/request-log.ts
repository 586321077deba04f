import type { MiddlewareHandler } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";

/** Logs one line a request: what was asked and what came of it, never the query, the headers or the body. */
export function requestLog(services: Pick<Services, "log" | "clock">): MiddlewareHandler<AppEnvironment> {
  return async function logRequest(context, next) {
    const startedAt = services.clock();
    await next();
    services.log({
      level: "info",
      event: "request",
      requestId: context.get("requestId"),
      method: context.req.method,
      path: context.req.path,
      status: context.res.status,
      durationMs: services.clock() - startedAt,
    });
  };
}
