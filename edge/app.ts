import type { Hono } from "hono";
import { cors } from "hono/cors";
import { HonoBase } from "hono/hono-base";
import { requestId } from "hono/request-id";
import { LinearRouter } from "hono/router/linear-router";
import { AppError } from "../shared/contract/errors.ts";
import type { AppEnvironment } from "./app-environment.ts";
import { answerProblem } from "./http/answer-problem.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { limitAddresses } from "./limits/limit-addresses.ts";
import { requestLog, withoutToken } from "./http/request-log.ts";
import { addRoutes } from "./routing.ts";
import type { Services } from "./services.ts";

/** The HTTP application. */
export type App = Hono<AppEnvironment>;

const longestRequestId = 64;

/** The Worker's HTTP API: every failure leaves as `application/problem+json`, every answer has a request id. */
export function createApp(services: Services): App {
  // Hono's own router makes one expression of all paths at an isolate's first request, which costs more than it saves.
  const app: App = new HonoBase<AppEnvironment>({ router: new LinearRouter() });
  const { corsOrigins } = services.settings;

  app.use(requestId({ limitLength: longestRequestId }));
  app.use(requestLog(services));
  app.use(securityHeaders());
  app.use(
    cors({
      origin: corsOrigins === "*" ? "*" : [...corsOrigins],
      allowMethods: ["GET", "POST", "PATCH", "DELETE"],
      allowHeaders: [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-none-match",
        "if-range",
        "range",
        "x-api-key",
        "x-device-id",
        "x-request-id",
      ],
      exposeHeaders: [
        "x-request-id",
        "server-timing",
        "idempotency-replayed",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "etag",
        "accept-ranges",
        "content-length",
        "content-range",
        "inference-header-content-length",
      ],
      maxAge: 86_400,
    }),
  );

  app.use(limitAddresses(services));
  app.use(async (context, next) => {
    if (hasStraySlash(context.req.path)) return context.notFound();
    return next();
  });
  addRoutes(app, services);
  app.notFound((context) => {
    const error = new AppError(
      "not_found",
      `there is nothing at ${withoutToken(context.req.path)}; see POST /classify, GET /openapi.json and the console at /`,
    );
    return answerProblem(error, context, services);
  });
  app.onError((error, context) => answerProblem(error, context, services));
  return app;
}

/** This router takes `/classify/` for `/classify`. They are two, but for what vendors append to a camera's address. */
function hasStraySlash(path: string): boolean {
  return path.length > 1 && path.endsWith("/") && !path.startsWith("/f/") && !path.startsWith("/console/");
}
