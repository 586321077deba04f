import type { Context } from "hono";
import { accepts } from "hono/accepts";
import * as z from "zod/mini";
import type {
  ClassifyAnswer,
  ClassifyImagesAnswer,
  ClassifyOptions,
  ImageResult,
} from "../../shared/contract/classify.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias, nameSchema } from "../../shared/contract/names.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { problemOf } from "../http/answer-problem.ts";
import { type ClassifyQuery, parseClassifyQuery } from "../http/classify-query.ts";
import { readImages, type SentImage } from "../http/read-images.ts";
import { createServerTiming } from "../http/server-timing.ts";
import type { ServedModel } from "../model/model-cache.ts";
import type { ModelReference } from "../model/model-reference.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings.ts";

/** Runs something with the model that a request asked for. */
type UseModel = <T>(run: (served: ServedModel) => T) => Promise<T>;

/** `POST /classify` and `POST /models/{model}/classify`: images in, their classes out. */
export async function answerClassify(
  context: Context<AppEnvironment>,
  services: Services,
): Promise<Response> {
  const timing = createServerTiming(services.clock);
  const query = parseClassifyQuery(context.req.query());
  const reference = referenceOf(context.req.param("model"), query.pin, services.settings);
  const sent = await readImages(context.req.raw);
  timing.mark("body");
  const options = { ...query.options, ...sent.options };
  const requestId = context.get("requestId");
  const temperature = services.models.isLoaded(reference) ? "warm" : "cold";
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  const use: UseModel = (run) => services.models.use(reference, keepAlive, run);
  const answer =
    sent.kind === "one"
      ? await use((served): ClassifyAnswer => {
          timing.mark("model", temperature);
          return { ...classifyOne(served, sent.image, options), requestId };
        })
      : await classifySeveral(sent.images);
  timing.mark("classify");
  context.header("server-timing", timing.header());
  context.header("cache-control", "no-store");
  context.header("vary", "accept", { append: true });
  const wanted = accepts(context, {
    header: "Accept",
    supports: ["application/json", "text/plain"],
    default: "application/json",
  });
  return wanted === "text/plain" ? context.text(topLabels(answer)) : context.json(answer);

  async function classifySeveral(images: readonly SentImage[]): Promise<ClassifyImagesAnswer> {
    // a failure here is not the fault of an image
    await use(() => timing.mark("model", temperature));
    const results: ImageResult[] = [];
    for (const image of images) {
      // lets other requests in: the next ones need not wait for all images of this one
      if (results.length > 0) await services.wait(0);
      results.push(await use((served) => resultOf(served, image)));
    }
    return { model: reference.model, results, requestId };
  }

  function resultOf(served: ServedModel, image: SentImage): ImageResult {
    const { name } = image;
    try {
      const { model: _, ...classified } = classifyOne(served, image, options);
      return { outcome: "classified", name, ...classified };
    } catch (error) {
      return { outcome: "failed", name, problem: problemOf(error, requestId, services) };
    }
  }
}

function classifyOne(
  { classifier }: ServedModel,
  image: SentImage,
  options: ClassifyOptions,
): Omit<ClassifyAnswer, "requestId"> {
  const { model, version } = classifier.manifest;
  return { model, version, ...classifier.classify(image.read(), options) };
}

/** One line an image: its top label, nothing where it failed. */
function topLabels(answer: ClassifyAnswer | ClassifyImagesAnswer): string {
  const results = "results" in answer ? answer.results : [answer];
  const labels = results.map(
    (result) => ("predictions" in result ? result.predictions[0]?.label : undefined) ?? "",
  );
  return labels.map((label) => `${label.replaceAll(/[\r\n]+/g, " ")}\n`).join("");
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
