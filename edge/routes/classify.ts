import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type {
  Classification,
  ClassifyAnswer,
  ClassifyImagesAnswer,
  ClassifyOptions,
  ImageResult,
} from "../../shared/contract/classify.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { drawOverlay } from "../http/activation-overlay.ts";
import { problemOf } from "../http/answer-problem.ts";
import { parseClassifyQuery } from "../http/classify-query.ts";
import { readImages, type SentImage } from "../http/read-images.ts";
import { createServerTiming } from "../http/server-timing.ts";
import type { ServedModel } from "../model/model-cache.ts";
import { requestModel } from "../model/request-model.ts";
import type { Services } from "../services.ts";

/** `POST /classify` and `POST /models/{model}/classify`: images in, their classes out. */
export async function answerClassify(
  context: Context<AppEnvironment>,
  services: Services,
): Promise<Response> {
  const timing = createServerTiming(services.clock);
  const query = parseClassifyQuery(context.req.query());
  const { reference, isWarm, use } = requestModel(context, services, context.req.param("model"), query.pin);
  const sent = await readImages(context.req.raw);
  timing.mark("body");
  const options = { ...query.options, ...sent.options };
  const requestId = context.get("requestId");
  const temperature = isWarm ? "warm" : "cold";
  const answer =
    sent.kind === "one"
      ? await illustrate(
          await use((served): ClassifyAnswer => {
            timing.mark("model", temperature);
            return { ...classifyOne(served, sent.image, options), requestId };
          }),
          options,
        )
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

  async function classifySeveral(images: readonly SentImage[]): Promise<ClassifyImagesAnswer> {
    // a failure here is not the fault of an image
    await use(() => timing.mark("model", temperature));
    const results: ImageResult[] = [];
    for (const image of images) {
      // lets other requests in: the next ones need not wait for all images of this one
      if (results.length > 0) await services.wait(0);
      const result = await use((served) => resultOf(served, image));
      results.push(result.outcome === "classified" ? await illustrate(result, options) : result);
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

/** Draws the overlay of an answer where it was asked for: after the model was used, since it takes time to wait. */
async function illustrate<T extends Classification>(answer: T, { explain }: ClassifyOptions): Promise<T> {
  if (explain !== "cam-png" || answer.explanation === undefined) return answer;
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
