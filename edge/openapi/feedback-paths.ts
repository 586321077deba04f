import * as z from "zod/mini";
import { feedbackIdSchema } from "../../shared/contract/feedback.ts";
import { nameSchema } from "../../shared/contract/names.ts";
import { feedbackQuerySchema } from "../feedback/review.ts";
import {
  binary,
  chapter,
  inHeader,
  inPath,
  type Operation,
  type Parameter,
  type PathItem,
  problems,
  schemaOf,
} from "./operation.ts";
import { withoutIdentity } from "./schemas.ts";

const id = inPath("id", feedbackIdSchema);
const model: Parameter = {
  name: "model",
  in: "query",
  required: false,
  schema: withoutIdentity(z.toJSONSchema(nameSchema)),
};

/** What apps say of answers, and how people review it. */
export function feedbackPaths(): Record<string, PathItem> {
  const sent = chapter("Feedback", "feedback", {
    "/feedback": { post: send() },
    "/feedback/{id}": {
      delete: {
        operationId: "deleteFeedback",
        summary: "Deletes feedback with its image: by the key that sent it, or an administrator.",
        parameters: [id, model],
        responses: { 204: { description: "Deleted." }, ...problems([404]) },
      },
    },
  });
  const reviewed = chapter("Review", "admin", {
    "/feedback": { get: list() },
    "/feedback/{id}/image": {
      get: {
        operationId: "readFeedbackImage",
        summary: "The image, without its metadata.",
        parameters: [id, model],
        responses: {
          200: {
            description: "The image.",
            content: { "image/jpeg": binary, "image/png": binary, "image/webp": binary },
          },
          ...problems([404]),
        },
      },
    },
    "/feedback/{id}/review": { post: review() },
  });
  return { ...reviewed, ...sent, "/feedback": { ...sent["/feedback"], ...reviewed["/feedback"] } };
}

function send(): Operation {
  const form = {
    type: "object",
    properties: {
      label: { type: "string" },
      consent: { enum: ["true", "false"] },
      file: { type: "string", contentMediaType: "application/octet-stream" },
    },
    required: ["label", "consent"],
  };
  return {
    operationId: "sendFeedback",
    summary:
      "Says what an image shows: that of an earlier request, where it was sampled and is not reviewed yet, or one that is sent.",
    parameters: [inHeader("idempotency-key")],
    requestBody: {
      required: true,
      content: {
        "application/json": { schema: schemaOf("FeedbackRequest") },
        "multipart/form-data": { schema: form },
      },
    },
    responses: {
      201: {
        description: "Taken, into quarantine.",
        content: { "application/json": { schema: schemaOf("FeedbackReceipt") } },
      },
      ...problems([400, 404, 409, 413, 415, 422]),
    },
  };
}

function list(): Operation {
  const { properties = {} } = z.toJSONSchema(feedbackQuerySchema);
  return {
    operationId: "listFeedback",
    summary: "A page of what was sent or sampled, the oldest first; a page may be empty and not the last.",
    parameters: Object.entries(properties).map(([name, schema]) => ({
      name,
      in: "query",
      required: false,
      schema,
    })),
    responses: {
      200: { description: "A page.", content: { "application/json": { schema: schemaOf("FeedbackPage") } } },
      ...problems([400]),
    },
  };
}

function review(): Operation {
  return {
    operationId: "reviewFeedback",
    summary: "Accepts feedback by its label or another one, or discards it with its image.",
    parameters: [id, model],
    requestBody: { required: true, content: { "application/json": { schema: schemaOf("Review") } } },
    responses: {
      200: {
        description: "As it is now.",
        content: { "application/json": { schema: schemaOf("Feedback") } },
      },
      ...problems([400, 404]),
    },
  };
}
