import { Hono } from "hono";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { AppError } from "../shared/contract/errors.ts";
import type { AppEnvironment } from "./app-environment.ts";
import { answerProblem } from "./http/answer-problem.ts";
import { onlyMethods } from "./http/only-methods.ts";
import { requestLog } from "./http/request-log.ts";
import { answerClassify } from "./routes/classify.ts";
import { answerConsole } from "./routes/console.ts";
import { answerLive, answerReady } from "./routes/health.ts";
import { answerAlias, answerVersionFile } from "./routes/model-files.ts";
import { answerModels } from "./routes/models.ts";
import { answerOpenApi } from "./routes/openapi.ts";
import type { Services } from "./services.ts";

/** The HTTP application. */
export type App = Hono<AppEnvironment>;

const longestRequestId = 64;

/** The Worker's HTTP API: every failure leaves as `application/problem+json`, every answer has a request id. */
export function createApp(services: Services): App {
  const app: App = new Hono<AppEnvironment>();
  const { corsOrigins } = services.settings;

  app.use(requestId({ limitLength: longestRequestId }));
  app.use(requestLog(services));
  app.use(
    cors({
      origin: corsOrigins === "*" ? "*" : [...corsOrigins],
      allowMethods: ["GET", "POST"],
      allowHeaders: ["content-type", "x-request-id", "if-none-match", "if-range", "range"],
      exposeHeaders: [
        "x-request-id",
        "server-timing",
        "retry-after",
        "etag",
        "accept-ranges",
        "content-length",
        "content-range",
      ],
      maxAge: 86_400,
    }),
  );

  app.post("/classify", (context) => answerClassify(context, services));
  app.all("/classify", onlyMethods("POST"));
  app.post("/models/:model/classify", (context) => answerClassify(context, services));
  app.all("/models/:model/classify", onlyMethods("POST"));
  app.get("/models", (context) => answerModels(context, services));
  app.all("/models", onlyMethods("GET, HEAD"));
  app.get("/models/:model/aliases/:alias", (context) => answerAlias(context, services));
  app.all("/models/:model/aliases/:alias", onlyMethods("GET, HEAD"));
  app.get("/models/:model/versions/:version/:file", (context) => answerVersionFile(context, services));
  app.all("/models/:model/versions/:version/:file", onlyMethods("GET, HEAD"));
  app.get("/health/live", answerLive);
  app.all("/health/live", onlyMethods("GET, HEAD"));
  app.get("/health/ready", (context) => answerReady(context, services));
  app.all("/health/ready", onlyMethods("GET, HEAD"));
  app.get("/openapi.json", answerOpenApi);
  app.all("/openapi.json", onlyMethods("GET, HEAD"));
  app.get("/", answerConsole);
  app.all("/", onlyMethods("GET, HEAD"));
  app.get("/console/*", answerConsole);

  app.notFound((context) => {
    const error = new AppError(
      "not_found",
      `there is nothing at ${context.req.path}; see POST /classify, GET /openapi.json and the console at /`,
    );
    return answerProblem(error, context, services);
  });
  app.onError((error, context) => answerProblem(error, context, services));
  return app;
}
