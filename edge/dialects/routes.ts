import type { Hono, MiddlewareHandler } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import { onlyMethods } from "../http/only-methods.ts";
import type { Services } from "../services.ts";
import { recogniseScene } from "./deepstack.ts";
import { takeFormKey } from "./form-key.ts";
import { classifyAsHuggingFace } from "./hugging-face.ts";
import {
  answerModelMetadata,
  answerModelReady,
  answerServerMetadata,
  answerServerReady,
  infer,
} from "./open-inference/open-inference.ts";

/** The paths of other protocols, so that their clients work as they are. */
export function addDialectRoutes(
  app: Hono<AppEnvironment>,
  services: Services,
  mayClassify: MiddlewareHandler<AppEnvironment>,
): void {
  app.get("/v2", answerServerMetadata);
  app.get("/v2/health/live", (context) => context.json({ live: true }));
  app.get("/v2/health/ready", (context) => answerServerReady(context, services));
  for (const path of ["/v2/models/:model", "/v2/models/:model/versions/:version"] as const) {
    app.get(path, mayClassify, (context) => answerModelMetadata(context, services));
    app.get(`${path}/ready`, mayClassify, (context) => answerModelReady(context, services));
    app.post(`${path}/infer`, mayClassify, (context) => infer(context, services));
    app.all(`${path}/infer`, onlyMethods("POST"));
  }
  for (const path of ["/hf", "/hf/models/:model"] as const) {
    app.post(path, mayClassify, (context) => classifyAsHuggingFace(context, services));
    app.all(path, onlyMethods("POST"));
  }
  app.post("/v1/vision/scene", takeFormKey(services), mayClassify, (context) =>
    recogniseScene(context, services),
  );
  app.all("/v1/vision/scene", onlyMethods("POST"));
}
