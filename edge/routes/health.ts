import type { Context } from "hono";
import { memory } from "@tensorflow/tfjs-core";
import type { Readiness } from "../../shared/contract/service.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { answerProblem } from "../http/answer-problem.ts";
import type { Services } from "../services.ts";

/** `GET /health/live`: the process answers. */
export function answerLive(context: Context<AppEnvironment>): Response {
  context.header("cache-control", "no-store");
  return context.json({ status: "live" });
}

/**
 * `GET /health/ready`: a golden vector just ran through the served model and gave what was published.
 * Both answers list the versions that were refused, with the reason.
 */
export async function answerReady(context: Context<AppEnvironment>, services: Services): Promise<Response> {
  const { settings } = services;
  const { main } = services.models;
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  context.header("cache-control", "no-store");
  try {
    const ready = await main.use(
      keepAlive,
      (served): Omit<Readiness, "refused" | "rollout" | "lastRollback"> => ({
        status: "ready",
        model: settings.model,
        alias: settings.alias,
        version: served.classifier.manifest.version,
        loadedAt: served.loadedAt,
        selfTest: { atLoad: served.selfTest, now: served.classifier.selfTest(1) },
        memory: { wasmBytes: served.wasmBytes(), tensors: memory().numTensors },
      }),
    );
    const answer: Readiness = {
      ...ready,
      refused: [...main.refused],
      rollout: services.rollouts.stateOf({ kind: "alias", model: settings.model, alias: settings.alias }),
      lastRollback: main.record?.lastRollback ?? null,
    };
    return context.json(answer);
  } catch (error) {
    return answerProblem(error, context, services, { refused: main.refused });
  }
}
