import type { Hono } from "hono";
import type { AppEnvironment } from "./app-environment.ts";
import { requireScope } from "./auth/require-scope.ts";
import { addDialectRoutes } from "./dialects/routes.ts";
import { addCameraRoutes } from "./cameras/routes.ts";
import { addFeedbackRoutes } from "./feedback/routes.ts";
import { onlyMethods } from "./http/only-methods.ts";
import { answerClassify } from "./routes/classify.ts";
import { answerConsole } from "./routes/console.ts";
import { answerLive, answerReady } from "./routes/health.ts";
import { answerAlias, answerVersionFile } from "./routes/model-files.ts";
import { answerMetrics } from "./routes/metrics.ts";
import { answerModels } from "./routes/models.ts";
import { answerReport } from "./routes/report.ts";
import { answerOpenApi } from "./routes/openapi.ts";
import type { Services } from "./services.ts";

/** Every path of the API, and who may ask there. */
export function addRoutes(app: Hono<AppEnvironment>, services: Services): void {
  const mayClassify = requireScope(services, "classify");
  const isAdmin = requireScope(services, "admin");

  app.post("/classify", mayClassify, (context) => answerClassify(context, services));
  app.all("/classify", onlyMethods("POST"));
  app.post("/models/:model/classify", mayClassify, (context) => answerClassify(context, services));
  app.all("/models/:model/classify", onlyMethods("POST"));
  app.get("/models", mayClassify, (context) => answerModels(context, services));
  app.all("/models", onlyMethods("GET, HEAD"));
  app.get("/models/:model/aliases/:alias", mayClassify, (context) => answerAlias(context, services));
  app.all("/models/:model/aliases/:alias", onlyMethods("GET, HEAD"));
  app.get("/models/:model/versions/:version/report.html", isAdmin, (context) =>
    answerReport(context, services),
  );
  app.get("/models/:model/versions/:version/:file", mayClassify, (context) =>
    answerVersionFile(context, services),
  );
  app.all("/models/:model/versions/:version/:file", onlyMethods("GET, HEAD"));
  addDialectRoutes(app, services, mayClassify);
  app.get("/metrics", isAdmin, (context) => answerMetrics(context, services));
  app.all("/metrics", onlyMethods("GET, HEAD"));
  app.get("/health/live", answerLive);
  app.all("/health/live", onlyMethods("GET, HEAD"));
  app.get("/health/ready", (context) => answerReady(context, services));
  app.all("/health/ready", onlyMethods("GET, HEAD"));
  app.get("/openapi.json", answerOpenApi);
  app.all("/openapi.json", onlyMethods("GET, HEAD"));
  addFeedbackRoutes(app, services);
  addCameraRoutes(app, services);
  app.get("/docs", answerConsole);
  app.all("/docs", onlyMethods("GET, HEAD"));
  app.get("/", answerConsole);
  app.all("/", onlyMethods("GET, HEAD"));
  app.get("/console/*", answerConsole);
}
