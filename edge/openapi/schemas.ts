import * as z from "zod/mini";
import { lastRollbackSchema, publicAliasSchema } from "../../shared/contract/alias.ts";
import {
  classifyAnswerSchema,
  classifyImagesAnswerSchema,
  explanationSchema,
  imageResultSchema,
} from "../../shared/contract/classify.ts";
import { imageRequestSchema, imagesRequestSchema } from "../../shared/contract/classify-request.ts";
import { predictionSchema } from "../../shared/contract/prediction.ts";
import {
  feedbackPageSchema,
  feedbackReceiptSchema,
  feedbackRecordSchema,
  feedbackRequestSchema,
  reviewSchema,
} from "../../shared/contract/feedback.ts";
import { manifestSchema } from "../../shared/contract/manifest.ts";
import {
  cameraSchema,
  cameraTokenSchema,
  deliverySchema,
  frameAnswerSchema,
  framesAnswerSchema,
  recentFrameSchema,
  webhookSchema,
} from "../../shared/contract/camera-api.ts";
import { newCameraSchema, newWebhookSchema, rotationSchema } from "../../shared/contract/camera-requests.ts";
import { cameraEventSchema } from "../../shared/contract/camera-event.ts";
import { cameraConfigInputSchema } from "../../shared/contract/camera.ts";
import { problemSchema } from "../../shared/contract/problem.ts";
import {
  livenessSchema,
  listedModelSchema,
  modelListSchema,
  readinessSchema,
  refusalSchema,
  rolloutStateSchema,
} from "../../shared/contract/service.ts";
import { sceneAnswerSchema, sceneErrorSchema } from "../dialects/deepstack.ts";
import { huggingFaceAnswerSchema, huggingFaceRequestSchema } from "../dialects/hugging-face.ts";
import {
  inferAnswerSchema,
  inferErrorSchema,
  modelMetadataSchema,
  serverMetadataSchema,
} from "../dialects/open-inference/infer-answers.ts";
import { inferRequestSchema } from "../dialects/open-inference/infer-request.ts";

/** What leaves or enters as JSON, by its name in the document. */
const schemas = {
  ClassifyAnswer: classifyAnswerSchema,
  ClassifyImagesAnswer: classifyImagesAnswerSchema,
  ImageResult: imageResultSchema,
  ImageRequest: imageRequestSchema,
  ImagesRequest: imagesRequestSchema,
  Prediction: predictionSchema,
  Problem: problemSchema,
  Alias: publicAliasSchema,
  ModelManifest: manifestSchema,
  ModelList: modelListSchema,
  ListedModel: listedModelSchema,
  Liveness: livenessSchema,
  Readiness: readinessSchema,
  Refusal: refusalSchema,
  Feedback: feedbackRecordSchema,
  FeedbackRequest: feedbackRequestSchema,
  FeedbackReceipt: feedbackReceiptSchema,
  FeedbackPage: feedbackPageSchema,
  Review: reviewSchema,
  RolloutState: rolloutStateSchema,
  LastRollback: lastRollbackSchema,
  Explanation: explanationSchema,
  V2Server: serverMetadataSchema,
  V2Model: modelMetadataSchema,
  V2InferRequest: inferRequestSchema,
  V2InferAnswer: inferAnswerSchema,
  V2Error: inferErrorSchema,
  HuggingFaceRequest: huggingFaceRequestSchema,
  HuggingFaceAnswer: huggingFaceAnswerSchema,
  SceneAnswer: sceneAnswerSchema,
  SceneError: sceneErrorSchema,
  Camera: cameraSchema,
  CameraList: z.strictObject({ cameras: z.array(cameraSchema) }),
  CameraConfig: cameraConfigInputSchema,
  CameraToken: cameraTokenSchema,
  NewCamera: newCameraSchema,
  Rotation: rotationSchema,
  FrameAnswer: frameAnswerSchema,
  FramesAnswer: framesAnswerSchema,
  RecentFrames: z.strictObject({ frames: z.array(recentFrameSchema) }),
  CameraEvent: cameraEventSchema,
  EventList: z.strictObject({ events: z.array(cameraEventSchema) }),
  NewWebhook: newWebhookSchema,
  WebhookList: z.strictObject({ webhooks: z.array(webhookSchema) }),
  WebhookSecret: z.strictObject({ ...webhookSchema.shape, secret: z.string() }),
  DeliveryList: z.strictObject({ deliveries: z.array(deliverySchema) }),
} as const;

/** Name of a schema in the document. */
export type SchemaName = keyof typeof schemas;

/** The schemas as JSON Schema 2020-12, which OpenAPI 3.1 takes as it is; one that holds another refers to it. */
export function jsonSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const generated = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(generated.schemas).map(([id, schema]) => [id, withoutIdentity(schema)]),
  );
}

/** A part of a document has neither dialect nor identifier of its own. */
export function withoutIdentity(schema: z.core.JSONSchema.BaseSchema): Record<string, unknown> {
  const { $schema: _dialect, $id: _id, ...described } = schema;
  return described;
}
