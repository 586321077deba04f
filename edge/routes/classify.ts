import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type {
  Classification,
  ClassifyAnswer,
  ClassifyImagesAnswer,
  ImageResult,
} from "../../shared/contract/classify.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { drawOverlay } from "../http/activation-overlay.ts";
import { problemOf } from "../http/answer-problem.ts";
import { parseClassifyQuery } from "../http/classify-query.ts";
import { readImages, type SentImage } from "../http/read-images.ts";
import { createServerTiming } from "../http/server-timing.ts";
import { requestModel } from "../model/request-model.ts";
import type { ClassifiedBy } from "../model/rollouts.ts";
import type { Services } from "../services.ts";

/** `POST /classify` and `POST /models/{model}/classify`: images in, their classes out. */
export async function answerClassify(
  context: Context<AppEnvironment>,
  services: Services,
): Promise<Response> {
  const timing = createServerTiming(services.clock);
  const query = parseClassifyQuery(context.req.query());
  const model = requestModel(context, services, context.req.param("model"), query.pin);
  const sent = await readImages(context.req.raw);
  timing.mark("body");
  const options = { ...query.options, ...sent.options };
  const requestId = context.get("requestId");
  const temperature = model.isWarm ? "warm" : "cold";
  // a failure here is not the fault of an image
  await model.load();
  timing.mark("model", temperature);
  const answer =
    sent.kind === "one"
      ? { ...(await classifyOne(sent.image)), requestId }
      : await classifySeveral(sent.images);
  timing.mark("classify");
  timing.write(context);
  context.header("cache-control", "no-store");
  context.header("vary", "accept", { append: true });
  const wanted = accepts(context, {
    header: "Accept",
    supports: ["application/json", "text/plain"],
    default: "application/json",
  });
  return wanted === "text/plain" ? context.text(topLabels(answer)) : context.json(answer);

  async function classifyOne({ read }: SentImage): Promise<ClassifiedBy> {
    return illustrate(await model.classify(read, options));
  }

  async function classifySeveral(images: readonly SentImage[]): Promise<ClassifyImagesAnswer> {
    const results: ImageResult[] = [];
    for (const image of images) {
      results.push(await resultOf(image));
    }
    return { model: model.reference.model, results, requestId };
  }

  async function resultOf(image: SentImage): Promise<ImageResult> {
    const { name } = image;
    try {
      const { model: _, ...classified } = await classifyOne(image);
      return { outcome: "classified", name, ...classified };
    } catch (error) {
      return { outcome: "failed", name, problem: problemOf(error, requestId, services) };
    }
  }
}

/** Draws the overlay of an answer where it was asked for: after the model was used, since it takes time to wait. */
async function illustrate<T extends Classification>(answer: T): Promise<T> {
  if (answer.explanation === undefined) return answer;
  const overlay = await drawOverlay(answer.explanation);
  return { ...answer, explanation: { ...answer.explanation, overlay } };
}

/** One line an image: its top label, nothing where it failed. */
function topLabels(answer: ClassifyAnswer | ClassifyImagesAnswer): string {
  const results = "results" in answer ? answer.results : [answer];
  const labels = results.map(
    (result) => ("predictions" in result ? result.predictions[0]?.label : undefined) ?? "",
  );
  return labels.map((label) => `${label.replaceAll(/[\r\n]+/g, " ")}\n`).join("");
}
