import type { Hono } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import { requireScope } from "../auth/require-scope.ts";
import { onlyMethods } from "../http/only-methods.ts";
import type { Services } from "../services.ts";
import { answerFeedback, deleteFeedback } from "./answer-feedback.ts";
import { listFeedback, readFeedbackImage, reviewFeedback } from "./review.ts";

/** What apps say of answers, and how people review it. */
export function addFeedbackRoutes(app: Hono<AppEnvironment>, services: Services): void {
  const mayFeedBack = requireScope(services, "feedback");
  const isAdmin = requireScope(services, "admin");

  app.post("/feedback", mayFeedBack, (context) => answerFeedback(context, services));
  app.get("/feedback", isAdmin, (context) => listFeedback(context, services));
  app.all("/feedback", onlyMethods("GET, HEAD, POST"));
  app.delete("/feedback/:id", mayFeedBack, (context) => deleteFeedback(context, services));
  app.all("/feedback/:id", onlyMethods("DELETE"));
  app.get("/feedback/:id/image", isAdmin, (context) => readFeedbackImage(context, services));
  app.all("/feedback/:id/image", onlyMethods("GET, HEAD"));
  app.post("/feedback/:id/review", isAdmin, (context) => reviewFeedback(context, services));
  app.all("/feedback/:id/review", onlyMethods("POST"));
}
