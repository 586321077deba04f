import type { Context } from "hono";
import type { Classification } from "../../shared/inference/classifier.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { parseClassifyQuery } from "../http/classify-query.ts";
import { readImage } from "../http/read-image.ts";
import { createServerTiming } from "../http/server-timing.ts";
import type { Services } from "../services.ts";

/** The answer of `POST /classify`. */
export interface ClassifyAnswer extends Classification {
  readonly model: string;
  readonly version: string;
  readonly requestId: string;
}

/** `POST /classify`: one image in, its classes out. */
export async function answerClassify(
  context: Context<AppEnvironment>,
  services: Services,
): Promise<Response> {
  const timing = createServerTiming(services.clock);
  const options = parseClassifyQuery(context.req.query());
  const image = await readImage(context.req.raw);
  timing.mark("body");
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  const temperature = services.models.isLoaded ? "warm" : "cold";
  const answer = await services.models.use(keepAlive, ({ classifier }): ClassifyAnswer => {
    timing.mark("model", temperature);
    const { model, version } = classifier.manifest;
    const { predictions, unknown, recognized } = classifier.classify(image, options);
    return { model, version, predictions, unknown, recognized, requestId: context.get("requestId") };
  });
  timing.mark("classify");
  context.header("server-timing", timing.header());
  context.header("cache-control", "no-store");
  return context.json(answer);
}
