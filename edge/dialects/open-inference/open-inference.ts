import type { Context } from "hono";
import * as z from "zod/mini";
import { AppError } from "../../../shared/contract/errors.ts";
import type { ModelManifest } from "../../../shared/contract/manifest.ts";
import { versionSchema } from "../../../shared/contract/names.ts";
import type { Classifier } from "../../../shared/inference/classifier.ts";
import type { Reading } from "../../../shared/inference/reading.ts";
import type { AppEnvironment } from "../../app-environment.ts";
import { type Pin, requestModel, type RequestedModel } from "../../model/request-model.ts";
import type { Services } from "../../services.ts";
import { answerInfer, outputMetadata } from "./answer-infer.ts";
import type { ModelMetadata } from "./infer-answers.ts";
import { type InferItem, inputNames, readInferRequest } from "./read-infer-request.ts";

type RouteContext = Context<AppEnvironment>;

// The Open Inference Protocol, version 2, over HTTP, which clients of KServe, Triton, OpenVINO and MLServer speak. A
// version is one of ours; a model without one answers by its alias.

/** `GET /v2`: what the server is. */
export function answerServerMetadata(context: RouteContext): Response {
  return context.json({
    name: "edgewise",
    version: "1",
    extensions: ["binary_tensor_data", "classification"],
  });
}

/** `GET /v2/health/ready`: a golden vector just ran through the main model. @throws model_unavailable, self_test_failed */
export async function answerServerReady(context: RouteContext, services: Services): Promise<Response> {
  await requestModel(context, services, undefined, null).use(({ classifier }) => classifier.selfTest(1));
  return context.json({ ready: true });
}

/** `GET /v2/models/{model}` and `.../versions/{version}`: inputs and outputs. @throws not_found, model_unavailable */
export async function answerModelMetadata(context: RouteContext, services: Services): Promise<Response> {
  const answer = await asked(context, services).use(({ classifier }) => describe(classifier.manifest));
  return context.json(answer);
}

function describe({ model, version, input, labels }: ModelManifest): ModelMetadata {
  return {
    name: model,
    versions: [version],
    platform: "edgewise_tfjs_wasm",
    inputs: [
      { name: inputNames.file, datatype: "BYTES", shape: [-1] },
      { name: inputNames.pixels, datatype: "FP32", shape: [-1, input.height, input.width, 3] },
    ],
    outputs: outputMetadata(labels.length),
  };
}

/** `GET .../ready`: the model serves. @throws not_found, model_unavailable */
export async function answerModelReady(context: RouteContext, services: Services): Promise<Response> {
  const name = await asked(context, services).use(({ classifier }) => classifier.manifest.model);
  return context.json({ name, ready: true });
}

/** `POST .../infer`: images in, the outputs that were asked for out. @throws invalid_argument, not_found, model_unavailable */
export async function infer(context: RouteContext, services: Services): Promise<Response> {
  const { request, items } = await readInferRequest(context.req.raw);
  const requestId = context.get("requestId");
  const [first, ...others] = items;
  if (first === undefined) throw new AppError("invalid_argument", "the inference request has no image");
  const opened = await asked(context, services).use(({ classifier }) => {
    const { model, version, labels } = classifier.manifest;
    return { model, version, labels, reading: readItem(classifier, first) };
  });
  const { model, version, labels } = opened;
  // one answer names one version, though the alias may move meanwhile
  const pinned = requestModel(context, services, model, { kind: "version", version });
  const readings = [opened.reading, ...(await readOthers(pinned, others, services))];
  const { body, headers } = answerInfer(request, { model, version, requestId }, readings, labels);
  return new Response(body, { headers: { ...headers, "cache-control": "no-store" } });
}

async function readOthers(
  model: RequestedModel,
  items: readonly InferItem[],
  services: Pick<Services, "wait">,
): Promise<Reading[]> {
  const readings: Reading[] = [];
  for (const item of items) {
    // lets other requests in
    await services.wait(0);
    readings.push(await model.use(({ classifier }) => readItem(classifier, item)));
  }
  return readings;
}

function readItem(classifier: Classifier, item: InferItem): Reading {
  if (item.kind === "file") return classifier.read(item.read());
  const { height, width } = classifier.manifest.input;
  if (item.shape.join() !== [height, width, 3].join()) {
    throw new AppError(
      "invalid_argument",
      `an image of ${inputNames.pixels} is [${item.shape.join(", ")}], the model takes [${height}, ${width}, 3]`,
    );
  }
  return classifier.readInput(item.nhwc);
}

/** The model and version of the path. @throws not_found */
function asked(context: RouteContext, services: Services): RequestedModel {
  const { model, version } = context.req.param() as { model?: string; version?: string };
  return requestModel(context, services, model, pinOf(version));
}

function pinOf(version: string | undefined): Pin | null {
  if (version === undefined) return null;
  if (z.safeParse(versionSchema, version).success) return { kind: "version", version };
  throw new AppError("not_found", "there is no version of that name; GET /models lists what there is");
}
