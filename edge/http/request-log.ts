import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";

/** What is told of one request: never its path, query, headers, body or key. */
export interface RequestFacts {
  readonly method: string;
  /** As it is routed, e.g. `/models/:model/classify`; `none` where nothing is. */
  readonly route: string;
  readonly status: number;
  /** Code of the problem that was answered, else `null`. */
  readonly code: string | null;
  readonly durationMs: number;
  /** Id of the API key, `open` where none is needed, `null` where none was asked for. */
  readonly key: string | null;
}

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Logs one line a request, and counts it. */
export function requestLog(
  services: Pick<Services, "log" | "clock" | "meter" | "analytics">,
): MiddlewareHandler<AppEnvironment> {
  return async function logRequest(context, next) {
    const startedAt = services.clock();
    await next();
    const caller = context.get("caller");
    const route = routePath(context, -1);
    const facts: RequestFacts = {
      // whoever asks chooses the method, and every label is kept
      method: methods.has(context.req.method) ? context.req.method : "OTHER",
      route: route === "/*" || route === "*" ? "none" : route,
      status: context.res.status,
      code: context.get("problemCode") ?? null,
      durationMs: services.clock() - startedAt,
      key: caller?.kind === "key" ? caller.id : (caller?.kind ?? null),
    };
    services.log({ level: "info", event: "request", requestId: context.get("requestId"), ...facts });
    count(services, facts);
  };
}

function count(
  { meter, analytics }: Pick<Services, "meter" | "analytics">,
  { method, route, status, code, durationMs, key }: RequestFacts,
): void {
  const labels = { method, route, status: String(status), code: code ?? "" };
  meter.count("edgewise_requests_total", "Requests answered.", labels);
  meter.observe("edgewise_request_duration_seconds", "Time to answer.", { method, route }, durationMs / 1000);
  analytics?.writeDataPoint({
    indexes: [key ?? route],
    blobs: [method, route, String(status), code ?? "", key ?? ""],
    doubles: [durationMs],
  });
}

/** A path as it may be told: cameras carry their token in it. */
export function withoutToken(path: string): string {
  return path.replace(/^(\/f\/[^/]*\/)[^/]*/, "$1…");
}
