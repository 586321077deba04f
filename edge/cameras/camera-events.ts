import type { Context } from "hono";
import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";
import { openCameraKeys } from "./camera-key.ts";
import { cameraOf, noCamera, siteOfCamera } from "./manage-cameras.ts";
import { isSnapshotLink } from "./snapshot-link.ts";
import { snapshotType } from "./snapshots.ts";

type Handled = Context<AppEnvironment>;

const mostEvents = 500;
const defaultEvents = 50;

/**
 * `GET /cameras/{camera}/events`: the last events, the newest first, or those after a sequence, the oldest first; as
 * Server-Sent Events where the client asks for that, going on with new ones (`Last-Event-ID` resumes).
 */
export async function answerEvents(context: Handled, services: Services): Promise<Response> {
  const id = cameraOf(context);
  const site = siteOfCamera(id, services);
  if ((await site.lookUp(id)) === null) throw noCamera(id);
  if (/\btext\/event-stream\b/.test(context.req.header("accept") ?? "")) {
    const after = context.req.header("last-event-id") ?? context.req.query("after");
    const query = new URLSearchParams({ camera: id, frames: context.req.query("frames") ?? "0" });
    if (after !== undefined) query.set("after", String(sequenceOf(after)));
    return site.fetch(`https://site/?${query.toString()}`);
  }
  const after = context.req.query("after");
  const limit = Number(context.req.query("limit") ?? defaultEvents);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostEvents) {
    throw new AppError("invalid_argument", `limit must be a whole number of 1 to ${mostEvents}`);
  }
  const events = await site.events(id, after === undefined ? null : sequenceOf(after), limit);
  return context.json({ events });
}

/** `GET /cameras/{camera}/snapshots/{event}?expires=&signature=`: the frame of an event, while its link works. */
export async function answerSnapshot(context: Handled, services: Services): Promise<Response> {
  const id = cameraOf(context);
  const event = context.req.param("event") ?? "";
  const gone = new AppError("not_found", "there is no such snapshot, or its link is wrong or ran out");
  if (services.settings.cameraKey === undefined) throw gone;
  const keys = await openCameraKeys(services.settings.cameraKey);
  if (!(await isSnapshotLink(keys, id, event, context.req.query(), services.clock()))) throw gone;
  const object = await services.store.get(objectKeys.cameraSnapshot(id, event));
  if (object.kind !== "found") throw gone;
  return new Response(new Uint8Array(object.bytes), {
    headers: {
      "content-type": snapshotType(object.bytes),
      "cache-control": "private, max-age=60",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}

function sequenceOf(text: string): number {
  const sequence = Number(text);
  if (Number.isSafeInteger(sequence) && sequence >= 0) return sequence;
  throw new AppError("invalid_argument", "after must be the sequence of an event, a whole number");
}
