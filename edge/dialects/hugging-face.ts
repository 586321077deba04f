import type { Context } from "hono";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { imageLimits } from "../../shared/image/codec-failure.ts";
import { topK as rankTopK } from "../../shared/inference/top-k.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { decodeBase64 } from "../http/decode-base64.ts";
import { parseJsonBody } from "../http/json-body.ts";
import { readBody } from "../http/read-body.ts";
import { readImages } from "../http/read-images.ts";
import { requestModel, type RequestedModel } from "../model/request-model.ts";
import type { Services } from "../services.ts";

/** A JSON request of the task `image-classification`; other keys are passed over. */
export const huggingFaceRequestSchema = z.object({
  /** The image, base64. */
  inputs: z.string("must be text: the image as base64"),
  parameters: z.optional(
    z.object({
      /** How many classes; 5 unless told. */
      top_k: z.optional(z.nullable(z.int().check(z.gte(1), z.lte(9999)))),
      /** What makes scores of the logits; `softmax`, with the model's temperature, unless told. */
      function_to_apply: z.optional(z.nullable(z.enum(["softmax", "sigmoid", "none"]))),
    }),
  ),
});

/** The answer, most probable first. */
export const huggingFaceAnswerSchema = z.array(z.strictObject({ label: z.string(), score: z.number() }));

type Parameters = z.infer<typeof huggingFaceRequestSchema>["parameters"];

const defaultTopK = 5;

/** `POST /hf` and `POST /hf/models/{model}`: image classification as Hugging Face's inference clients ask for it. */
export async function classifyAsHuggingFace(
  context: Context<AppEnvironment>,
  services: Services,
): Promise<Response> {
  const { read, parameters } = await readRequest(context.req.raw);
  const model = requestModel(context, services, context.req.param("model"), null);
  const topK = parameters?.top_k ?? defaultTopK;
  const scoreOf = scoreFunctions[parameters?.function_to_apply ?? "softmax"];
  const answer =
    scoreOf === null ? await probabilities(model, read, topK) : await scores(model, read, topK, scoreOf);
  context.header("cache-control", "no-store");
  return context.json(answer);
}

/** JSON, or the image as it is. @throws unsupported_media_type, payload_too_large, invalid_argument */
async function readRequest(
  request: Request,
): Promise<{ readonly read: () => Uint8Array; readonly parameters?: Parameters }> {
  if (/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
    // base64 takes 4 characters for 3 bytes
    const body = await readBody(request, Math.ceil(imageLimits.maxBytes / 3) * 4);
    const { inputs, parameters } = parseJsonBody(huggingFaceRequestSchema, body, '{"inputs": "<base64>"}');
    return { read: () => decodeBase64(inputs, imageLimits.maxBytes), parameters };
  }
  const sent = await readImages(request);
  if (sent.kind === "one") return sent.image;
  throw new AppError("invalid_argument", "the form has several files, this route answers one image");
}

type Answer = z.infer<typeof huggingFaceAnswerSchema>;

/** A score of a logit; `null` for the probability, which takes all of them and the temperature. */
const scoreFunctions: Readonly<Record<"softmax" | "sigmoid" | "none", ((logit: number) => number) | null>> = {
  softmax: null,
  sigmoid: (logit) => 1 / (1 + Math.exp(-logit)),
  none: (logit) => logit,
};

async function probabilities(model: RequestedModel, read: () => Uint8Array, topK: number): Promise<Answer> {
  const { predictions } = await model.classify(read, { topK });
  return predictions.map(({ label, probability: score }) => ({ label, score }));
}

async function scores(
  model: RequestedModel,
  read: () => Uint8Array,
  topK: number,
  scoreOf: (logit: number) => number,
): Promise<Answer> {
  return model.use(({ classifier }) => {
    const { logits } = classifier.read(read());
    return rankTopK(logits, topK).map(({ classIndex, probability: logit }) => ({
      label: classifier.manifest.labels[classIndex] ?? "",
      score: scoreOf(logit),
    }));
  });
}
