import type { Context } from "hono";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { imagesOfForm, readImages } from "../http/read-images.ts";
import { requestModel } from "../model/request-model.ts";
import type { Services } from "../services.ts";

/** The answer to a scene; a failure has `success: false` and `error`. */
export const sceneAnswerSchema = z.strictObject({
  success: z.literal(true),
  /** `unknown` where the image shows none of the classes. */
  label: z.string(),
  /** 0..1, of the most probable class. */
  confidence: z.number(),
});

/** A failure. */
export const sceneErrorSchema = z.strictObject({ success: z.literal(false), error: z.string() });

/** `POST /v1/vision/scene`: DeepStack's scene recognition, which camera software such as Home Assistant asks. */
export async function recogniseScene(
  context: Context<AppEnvironment>,
  services: Services,
): Promise<Response> {
  const form = context.get("form");
  const sent = form === undefined ? await readImages(context.req.raw) : imagesOfForm(form);
  if (sent.kind !== "one") {
    throw new AppError("invalid_argument", "the form has several files, it must have one: image");
  }
  const model = requestModel(context, services, undefined, null);
  const { predictions, unknown } = await model.classify(sent.image.read, { topK: 1 });
  const [top = { label: "unknown", probability: 0 }] = predictions;
  const answer: z.infer<typeof sceneAnswerSchema> = {
    success: true,
    label: unknown ? "unknown" : top.label,
    confidence: top.probability,
  };
  context.header("cache-control", "no-store");
  return context.json(answer);
}
