import * as z from "zod/mini";
import { cameraIdSchema, siteSchema } from "../../shared/contract/camera.ts";
import {
  type Answer,
  binary,
  chapter,
  type Content,
  inHeader,
  inPath,
  type Operation,
  type Parameter,
  type PathItem,
  problems,
  schemaOf,
  text,
} from "./operation.ts";
import type { SchemaName } from "./schemas.ts";

const camera = inPath("camera", cameraIdSchema);
const site = inPath("site", siteSchema);
const event = inPath("event", z.uuid());

/** What cameras post to, and how they are managed. */
export function cameraPaths(): Record<string, PathItem> {
  return {
    ...chapter("Cameras", null, byToken()),
    ...chapter("Cameras", "camera", byKey()),
    ...chapter("Cameras", "admin", { ...managedPaths(), ...watchPaths(), ...sitePaths() }),
  };
}

/** Where the path itself is the permission. */
function byToken(): Record<string, PathItem> {
  return {
    "/f/{camera}/{token}": {
      post: frames("postFramesByToken", [camera, inPath("token", z.string())]),
    },
    "/cameras/{camera}/snapshots/{event}": {
      get: picture("readSnapshot", "The frame of an event, while its link works.", [
        camera,
        event,
        inQuery("expires"),
        inQuery("signature"),
      ]),
    },
  };
}

function byKey(): Record<string, PathItem> {
  const probed = "Answers what a camera asks to see whether its target is there.";
  return {
    "/cameras/{camera}/frames": {
      post: frames("postFrames", [camera]),
      get: operation("probeCamera", probed, [camera], { answer: "FramesAnswer" }),
    },
    "/cameras/{camera}/events": { get: listEvents() },
  };
}

function managedPaths(): Record<string, PathItem> {
  return {
    "/cameras": {
      get: operation("listCameras", "The cameras of a site.", [inQuery("site")], { answer: "CameraList" }),
      post: operation("makeCamera", "Makes a camera; its token is told here only.", [], {
        body: "NewCamera",
        answer: "CameraToken",
        status: 201,
        failures: [409],
      }),
    },
    "/cameras/{camera}": {
      get: operation("showCamera", "Configuration, state and health.", [camera], { answer: "Camera" }),
      patch: operation("editCamera", "Changes the parts of the configuration that are given.", [camera], {
        body: "CameraConfig",
        answer: "Camera",
      }),
      delete: operation("deleteCamera", "Deletes a camera with everything of it.", [camera], { status: 204 }),
    },
    "/cameras/{camera}/rotate": {
      post: operation("rotateCamera", "A new token; those before end after the overlap.", [camera], {
        body: "Rotation",
        answer: "CameraToken",
      }),
    },
  };
}

function watchPaths(): Record<string, PathItem> {
  const last = "The last frames; the next ones come with pictures for a while.";
  const tried = "The last frames under another configuration, which is not kept.";
  return {
    "/cameras/{camera}/recent": {
      get: operation("listFrames", last, [camera], { answer: "RecentFrames" }),
    },
    "/cameras/{camera}/pictures/{number}": {
      get: picture("readPicture", "A picture of a recent frame.", [camera, inPath("number", z.string())]),
    },
    "/cameras/{camera}/preview": {
      post: operation("previewCamera", tried, [camera], { body: "CameraConfig", answer: "RecentFrames" }),
    },
  };
}

function sitePaths(): Record<string, PathItem> {
  const webhook = inPath("webhook", z.string());
  return {
    "/sites/{site}/webhooks": {
      get: operation("listWebhooks", "Where the events of a site go.", [site], { answer: "WebhookList" }),
      post: operation("addWebhook", "Adds a target; its secret is told here only.", [site], {
        body: "NewWebhook",
        answer: "WebhookSecret",
        status: 201,
      }),
    },
    "/sites/{site}/webhooks/{webhook}": {
      delete: operation("deleteWebhook", "Deletes a target and what was to go there.", [site, webhook], {
        status: 204,
      }),
    },
    "/sites/{site}/deliveries": {
      get: operation("listDeliveries", "Deliveries not made yet, and those given up.", [site], {
        answer: "DeliveryList",
      }),
    },
    "/sites/{site}/events/{event}/replay": {
      post: operation("replayEvent", "Delivers an event once more, under its id.", [site, event], {
        status: 202,
      }),
    },
    "/sites/{site}/usage": {
      get: operation("showUsage", "Rows read and written since the object started.", [site], {}),
    },
  };
}

interface Shape {
  readonly body?: SchemaName;
  readonly answer?: SchemaName;
  readonly status?: number;
  /** Beside those of every operation. */
  readonly failures?: readonly number[];
}

function operation(
  operationId: string,
  summary: string,
  parameters: readonly Parameter[],
  { body, answer, status = 200, failures = [] }: Shape,
): Operation {
  const schema = answer === undefined ? { type: "object" } : schemaOf(answer);
  const success: Answer =
    status === 204
      ? { description: summary }
      : { description: summary, content: { "application/json": { schema } } };
  return {
    operationId,
    summary,
    parameters,
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(body) } } } }),
    responses: { [status]: success, ...problems([400, 401, 403, 404, ...failures, 500, 503]) },
  };
}

function frames(operationId: string, parameters: readonly Parameter[]): Operation {
  const content: Content = {
    "image/*": binary,
    "multipart/*": binary,
    "application/json": { schema: {} },
    "*/*": binary,
  };
  return {
    operationId,
    summary:
      "Whatever a camera posts: an image, parts of which any may be one, JSON with one inside, MJPEG, or an event without any.",
    parameters: [...parameters, inQuery("at"), inHeader("x-frame-time")],
    requestBody: { required: true, content },
    responses: {
      200: {
        description: "What became of each image.",
        content: { "application/json": { schema: schemaOf("FramesAnswer") } },
      },
      ...problems([401, 413, 429, 500, 503]),
    },
  };
}

function listEvents(): Operation {
  return {
    operationId: "listEvents",
    summary: "The last events, or those after one; as a stream that goes on where the client accepts that.",
    parameters: [camera, inQuery("after"), inQuery("limit"), inQuery("frames"), inHeader("last-event-id")],
    responses: {
      200: {
        description: "Events.",
        content: {
          "application/json": { schema: schemaOf("EventList") },
          "text/event-stream": { schema: text },
        },
      },
      ...problems([400, 401, 403, 404, 500]),
    },
  };
}

function picture(operationId: string, summary: string, parameters: readonly Parameter[]): Operation {
  return {
    operationId,
    summary,
    parameters,
    responses: {
      200: { description: summary, content: { "image/*": binary } },
      ...problems([401, 403, 404]),
    },
  };
}

function inQuery(name: string): Parameter {
  return { name, in: "query", required: false, schema: text };
}
