import type { Context } from "hono";
import * as z from "zod/mini";
import type { ClassifyAnswer } from "../../shared/contract/classify.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias, nameSchema } from "../../shared/contract/names.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { type ClassifyQuery, parseClassifyQuery } from "../http/classify-query.ts";
import { readImage } from "../http/read-image.ts";
import { createServerTiming } from "../http/server-timing.ts";
import type { ModelReference } from "../model/model-reference.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings.ts";

/** `POST /classify` and `POST /models/{model}/classify`: one image in, its classes out. */
export async function answerClassify(
  context: Context<AppEnvironment>,
  services: Services,
): Promise<Response> {
  const timing = createServerTiming(services.clock);
  const { options, pin } = parseClassifyQuery(context.req.query());
  const reference = referenceOf(context.req.param("model"), pin, services.settings);
  const image = await readImage(context.req.raw);
  timing.mark("body");
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  const temperature = services.models.isLoaded(reference) ? "warm" : "cold";
  const answer = await services.models.use(reference, keepAlive, ({ classifier }): ClassifyAnswer => {
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

/** What a request asks for. @param named the model of the path @throws not_found when no model can have that name */
function referenceOf(
  named: string | undefined,
  pin: ClassifyQuery["pin"],
  settings: Settings,
): ModelReference {
  const model = named ?? settings.model;
  if (!z.safeParse(nameSchema, model).success) {
    throw new AppError("not_found", "there is no model of that name; GET /models lists what there is");
  }
  if (pin?.kind === "version") return { kind: "version", model, version: pin.version };
  const alias = pin?.alias ?? (model === settings.model ? settings.alias : defaultAlias);
  return { kind: "alias", model, alias };
}
