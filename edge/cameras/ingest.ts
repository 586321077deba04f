import type { Context } from "hono";
import type { FrameAnswer, FramesAnswer } from "../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../shared/contract/camera-event.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { readStream } from "../../shared/camera/part-stream.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { admit } from "../overload/admit.ts";
import type { Services } from "../services.ts";
import { type AdmittedCamera, admitCamera, lookUp } from "./admit-camera.ts";
import { type CameraMemory, type RememberedCamera, takeAllowance } from "./camera-memory.ts";
import { readFrames } from "./read-frames.ts";
import { type FrameRequest, type PostedFrames, takeFrames, type TakenFrames } from "./take-frames.ts";

/** A body that may hold no frame is always read: cameras post events, too, and resend what is refused. */
const eventBytes = 32 * 1024;
/** Answers of a stream that are told at its end, the newest. */
const toldFrames = 64;

/**
 * Whatever a camera sends to its own path: frames, events without a frame, keep-alives and probes.
 * With a valid token every one of them is answered 200, but for a flood of frames, and frames that there is no room for or that
 * cannot be classified at the moment; without one nothing is read.
 * @param id of the camera  @param token `null` where an API key let the caller in
 * @throws {AppError} unauthorized, rate_limited, payload_too_large, model_unavailable, overloaded, store_unavailable
 */
export async function answerCamera(
  context: Context<AppEnvironment>,
  id: string,
  token: string | null,
  services: Services,
  memory: CameraMemory,
): Promise<Response> {
  const admitted = await admitCamera(id, token, services, memory);
  const incoming = context.req.raw;
  const request: FrameRequest = {
    requestId: context.get("requestId"),
    origin: new URL(incoming.url).origin,
    keepAlive: (work) => context.executionCtx.waitUntil(work),
  };
  const isPost = incoming.method === "POST" || incoming.method === "PUT";
  const taken = isPost
    ? await takePost(context, admitted, token, request, services, memory)
    : { state: null, frames: [], events: [] };
  const answer: FramesAnswer = {
    result: true,
    camera: id,
    state: taken.state,
    frames: [...taken.frames],
    events: [...taken.events],
    requestId: request.requestId,
  };
  context.header("cache-control", "no-store");
  return context.json(isScene(incoming.url) ? { ...answer, ...sceneOf(answer) } : answer);
}

/** As {@link admitCamera} with the password of `Authorization: Basic`, for what cameras ask at paths of their own. */
export function basicCredential(header: string | undefined): { user: string; password: string } | null {
  const encoded = /^Basic\s+([A-Za-z0-9+/=_-]{1,400})$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return null;
  try {
    const [user = "", ...password] = atob(encoded).split(":");
    return { user, password: password.join(":") };
  } catch {
    return null;
  }
}

async function takePost(
  context: Context<AppEnvironment>,
  admitted: AdmittedCamera,
  token: string | null,
  request: FrameRequest,
  services: Services,
  memory: CameraMemory,
): Promise<TakenFrames> {
  const incoming = context.req.raw;
  const contentType = incoming.headers.get("content-type") ?? "";
  if (/^\s*multipart\/x-mixed-replace/i.test(contentType) && incoming.body !== null) {
    const all: { state: string | null; frames: FrameAnswer[]; events: CameraEvent[] } = {
      state: null,
      frames: [],
      events: [],
    };
    for await (const image of readStream(incoming.body, contentType)) {
      const sent = { images: image.length === 0 ? [] : [image], at: null, isStream: true };
      const taken = await takeOrRetry(sent, admitted, token, request, services, memory);
      all.state = taken.state ?? all.state;
      all.frames = [...all.frames, ...taken.frames].slice(-toldFrames);
      all.events.push(...taken.events);
    }
    return all;
  }
  const paid = refuseFlood(incoming, admitted, memory.of(admitted.record.id), services);
  const take = async (): Promise<TakenFrames> => {
    const sent = await readFrames(incoming);
    return takeOrRetry({ ...sent, paid }, admitted, token, request, services, memory);
  };
  return paid === 0 ? take() : admit(context, services, take);
}

/** Once more where the configuration changed while the frames were handled. */
async function takeOrRetry(
  sent: PostedFrames,
  admitted: AdmittedCamera,
  token: string | null,
  request: FrameRequest,
  services: Services,
  memory: CameraMemory,
): Promise<TakenFrames> {
  if (sent.images.length === 0) return { state: null, frames: [], events: [] };
  const taken = await takeFrames(admitted, sent, request, services, memory);
  if (taken !== "stale") return taken;
  await lookUp(admitted.record.id, 0, services, memory);
  const again = await admitCamera(admitted.record.id, token, services, memory);
  const retaken = await takeFrames(again, sent, request, services, memory);
  if (retaken !== "stale") return retaken;
  throw new AppError("model_unavailable", "the camera is being changed; send the frame again");
}

/**
 * Takes one frame of what the camera may send for what is too long to be an event, before any of it is read.
 * @returns frames that are taken
 * @throws {AppError} rate_limited
 */
function refuseFlood(
  incoming: Request,
  { record }: AdmittedCamera,
  camera: RememberedCamera,
  { clock }: Pick<Services, "clock">,
): number {
  const length = Number(incoming.headers.get("content-length") ?? Infinity);
  if (length <= eventBytes) return 0;
  const waitMs = takeAllowance(camera, record.config.rate, clock());
  if (waitMs === 0) return 1;
  throw new AppError(
    "rate_limited",
    `camera ${record.id} sends more than ${record.config.rate.perSecond} frames a second; wait ${waitMs} ms`,
    { details: { retryAfterMs: waitMs } },
  );
}

/** Clients of DeepStack append its path to whatever address they are given. */
function isScene(url: string): boolean {
  return new URL(url).pathname.endsWith("/v1/vision/scene");
}

function sceneOf({ frames }: FramesAnswer): Record<string, unknown> {
  const top = frames.at(-1)?.predictions?.[0];
  return top === undefined
    ? { success: false, error: "no image was found, or it does not decode" }
    : { success: true, label: top.label, confidence: top.probability };
}
