import { memory } from "@tensorflow/tfjs-core";
import type { Context } from "hono";
import { AppError } from "../../shared/contract/errors.ts";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";

/**
 * `GET /metrics`: what this process counted, for Prometheus. Only where one process serves: of a deployed Worker's many
 * isolates each would tell its own numbers, and Analytics Engine has those of all.
 * @throws not_found
 */
export function answerMetrics(context: Context<AppEnvironment>, services: Services): Response {
  const { settings, meter, models, turns } = services;
  if (!settings.singleProcess) {
    throw new AppError("not_found", "metrics of a deployed Worker are in its Analytics Engine data set");
  }
  const { model, alias } = settings;
  const { isLoaded } = models.main;
  const text = meter.text([
    {
      name: "edgewise_waiting_requests",
      help: "Requests waiting for their turn.",
      labels: {},
      value: turns.length,
    },
    {
      name: "edgewise_tensors",
      help: "Tensors in memory.",
      labels: {},
      value: isLoaded ? memory().numTensors : 0,
    },
    {
      name: "edgewise_model_info",
      help: "The version that serves.",
      labels: { model, alias, version: models.main.version ?? "" },
      value: isLoaded ? 1 : 0,
    },
  ]);
  context.header("cache-control", "no-store");
  context.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
  return context.body(text);
}
