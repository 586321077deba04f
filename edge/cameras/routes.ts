import type { Context, Hono, MiddlewareHandler } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import { requireScope } from "../auth/require-scope.ts";
import { onlyMethods } from "../http/only-methods.ts";
import type { Services } from "../services.ts";
import { answerEvents, answerSnapshot } from "./camera-events.ts";
import { CameraMemory } from "./camera-memory.ts";
import { answerCamera, basicCredential } from "./ingest.ts";
import {
  deleteCamera,
  editCamera,
  listCameras,
  makeCamera,
  rotateCamera,
  showCamera,
} from "./manage-cameras.ts";
import {
  addWebhook,
  deleteWebhook,
  listDeliveries,
  listWebhooks,
  replayEvent,
  showUsage,
} from "./manage-webhooks.ts";
import { answerPicture, answerPreview, answerRecent } from "./preview.ts";

/** Every path of cameras: what they post to, by their tokens, and what people ask, by API keys. */
export function addCameraRoutes(app: Hono<AppEnvironment>, services: Services): void {
  const memory = new CameraMemory();
  const isAdmin = requireScope(services, "admin");
  const isCamera = requireScope(services, "camera");

  addIngest(app, services, memory, isCamera);
  app.get("/cameras", isAdmin, (context) => listCameras(context, services));
  app.post("/cameras", isAdmin, (context) => makeCamera(context, services));
  app.all("/cameras", onlyMethods("GET, HEAD, POST"));
  app.get("/cameras/:camera", isAdmin, (context) => showCamera(context, services));
  app.patch("/cameras/:camera", isAdmin, (context) => editCamera(context, services, memory));
  app.delete("/cameras/:camera", isAdmin, (context) => deleteCamera(context, services, memory));
  app.all("/cameras/:camera", onlyMethods("GET, HEAD, PATCH, DELETE"));
  app.post("/cameras/:camera/rotate", isAdmin, (context) => rotateCamera(context, services, memory));
  app.all("/cameras/:camera/rotate", onlyMethods("POST"));
  app.get("/cameras/:camera/events", isCamera, (context) => answerEvents(context, services));
  app.all("/cameras/:camera/events", onlyMethods("GET, HEAD"));
  app.get("/cameras/:camera/recent", isAdmin, (context) => answerRecent(context, services));
  app.all("/cameras/:camera/recent", onlyMethods("GET, HEAD"));
  app.get("/cameras/:camera/pictures/:number", isAdmin, (context) => answerPicture(context, services));
  app.all("/cameras/:camera/pictures/:number", onlyMethods("GET, HEAD"));
  app.post("/cameras/:camera/preview", isAdmin, (context) => answerPreview(context, services));
  app.all("/cameras/:camera/preview", onlyMethods("POST"));
  // the link is the permission
  app.get("/cameras/:camera/snapshots/:event", (context) => answerSnapshot(context, services));
  app.all("/cameras/:camera/snapshots/:event", onlyMethods("GET, HEAD"));
  addSites(app, services, isAdmin);
}

function addIngest(
  app: Hono<AppEnvironment>,
  services: Services,
  memory: CameraMemory,
  isCamera: MiddlewareHandler<AppEnvironment>,
): void {
  const byPath = (context: Context<AppEnvironment>): Promise<Response> =>
    answerCamera(
      context,
      context.req.param("camera") ?? "",
      context.req.param("token") ?? "",
      services,
      memory,
    );
  app.post("/f/:camera/:token", byPath);
  app.all("/f/:camera/:token", byPath);
  // vendors append paths of their own
  app.all("/f/:camera/:token/:rest{.+}", byPath);
  const byPassword: MiddlewareHandler<AppEnvironment> = async (context, next) => {
    const basic = basicCredential(context.req.header("authorization"));
    if (basic === null || basic.password.startsWith("ew_")) return next();
    return answerCamera(context, context.req.param("camera") ?? basic.user, basic.password, services, memory);
  };
  app.post("/cameras/:camera/frames", byPassword, isCamera, (context) =>
    answerCamera(context, context.req.param("camera"), null, services, memory),
  );
  app.get("/cameras/:camera/frames", byPassword, isCamera, (context) =>
    answerCamera(context, context.req.param("camera"), null, services, memory),
  );
  app.all("/cameras/:camera/frames", onlyMethods("POST, GET, HEAD"));
  // Dahua asks there whatever path it uploads to; the user is the camera
  for (const path of ["/PictureHttpUpload/keepalive", "/EventHttpUpload/keepalive"]) {
    app.all(path, byPassword, isCamera, (context) => context.json({ result: true }));
  }
}

function addSites(
  app: Hono<AppEnvironment>,
  services: Services,
  isAdmin: MiddlewareHandler<AppEnvironment>,
): void {
  app.get("/sites/:site/webhooks", isAdmin, (context) => listWebhooks(context, services));
  app.post("/sites/:site/webhooks", isAdmin, (context) => addWebhook(context, services));
  app.all("/sites/:site/webhooks", onlyMethods("GET, HEAD, POST"));
  app.delete("/sites/:site/webhooks/:webhook", isAdmin, (context) => deleteWebhook(context, services));
  app.all("/sites/:site/webhooks/:webhook", onlyMethods("DELETE"));
  app.get("/sites/:site/deliveries", isAdmin, (context) => listDeliveries(context, services));
  app.all("/sites/:site/deliveries", onlyMethods("GET, HEAD"));
  app.post("/sites/:site/events/:event/replay", isAdmin, (context) => replayEvent(context, services));
  app.all("/sites/:site/events/:event/replay", onlyMethods("POST"));
  app.get("/sites/:site/usage", isAdmin, (context) => showUsage(context, services));
  app.all("/sites/:site/usage", onlyMethods("GET, HEAD"));
}
