import type { Context } from "hono";
import * as z from "zod/mini";
import { newCameraState, step } from "../../shared/camera/decide.ts";
import { mapLabels } from "../../shared/camera/label-map.ts";
import type { RecentFrame } from "../../shared/contract/camera-api.ts";
import { AppError } from "../../shared/contract/errors.ts";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";
import { CameraMemory } from "./camera-memory.ts";
import { classifyFrame, modelOf } from "./classify-frame.ts";
import { cameraOf, noCamera, parseConfig, readJson, siteOfCamera } from "./manage-cameras.ts";
import type { CameraRecord, FrameReport } from "./site-contract.ts";
import { snapshotType } from "./snapshots.ts";

type Handled = Context<AppEnvironment>;
type SeenFrame = Omit<FrameReport, "picture">;

/** Pictures come with the frames for this long after somebody looked. */
const watchMs = 30_000;

/** `GET /cameras/{camera}/recent`: the last frames, the oldest first. Asking makes the next ones come with pictures. */
export async function answerRecent(context: Handled, services: Services): Promise<Response> {
  const id = cameraOf(context);
  const site = siteOfCamera(id, services);
  if ((await site.lookUp(id)) === null) throw noCamera(id);
  const [remembered] = await Promise.all([site.recent(id), site.watch(id, watchMs)]);
  return context.json({ frames: remembered.map(({ shown }) => shown) });
}

/** `GET /cameras/{camera}/pictures/{number}`: a picture of a recent frame; held in memory while somebody watches. */
export async function answerPicture(context: Handled, services: Services): Promise<Response> {
  const id = cameraOf(context);
  const bytes = await siteOfCamera(id, services).picture(id, Number(context.req.param("number")));
  if (bytes === null)
    throw new AppError("not_found", "this picture is no more; pictures are held for a while only");
  return new Response(new Uint8Array(bytes), {
    headers: {
      "content-type": snapshotType(bytes),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}

/**
 * `POST /cameras/{camera}/preview`: what the last frames would have meant under another configuration, which is not
 * kept. Another region or model is tried on the frames whose pictures are there.
 */
export async function answerPreview(context: Handled, services: Services): Promise<Response> {
  const id = cameraOf(context);
  const site = siteOfCamera(id, services);
  const change = await readJson(context, z.record(z.string(), z.unknown()), "the change");
  const known = await site.lookUp(id);
  if (known === null) throw noCamera(id);
  const config = parseConfig({ ...known.config, ...change }, services);
  const record: CameraRecord = { ...known, config };
  const looksElse = ["region", "model", "alias"].some((part) => part in change);
  const frames: { readonly seen: SeenFrame; readonly shown: RecentFrame }[] = [];
  for (const { report, shown } of await site.recent(id)) {
    if (!looksElse) frames.push({ seen: report, shown });
    else if (shown.picture !== null) {
      const bytes = await site.picture(id, shown.picture);
      if (bytes !== null)
        frames.push({ seen: await seeAgain(context, services, record, report, bytes), shown });
    }
  }
  return context.json({ frames: replay(frames, record) });
}

async function seeAgain(
  context: Handled,
  { models, settings }: Services,
  record: CameraRecord,
  report: SeenFrame,
  bytes: Uint8Array,
): Promise<SeenFrame> {
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  const { predictions, unknown, signature } = await models.use(
    modelOf(record.config, settings),
    keepAlive,
    (served) => classifyFrame(served, bytes, record, new CameraMemory().of(record.id), report.arrivedAt),
  );
  const { grid: _, ...signals } = signature;
  return { ...report, outcome: "classified", predictions, unknown, signals };
}

function replay(
  frames: readonly { readonly seen: SeenFrame; readonly shown: RecentFrame }[],
  { config }: CameraRecord,
): RecentFrame[] {
  let state = newCameraState;
  return frames.map(({ seen, shown }) => {
    const mapped = mapLabels(seen.predictions, seen.unknown, config);
    const stepped = step(state, { ...seen, ...mapped }, config);
    state = stepped.state;
    return {
      ...shown,
      verdict: stepped.verdict,
      predictions: [...seen.predictions],
      unknown: seen.unknown,
      vote: mapped.label,
      probability: mapped.probability,
      state: state.label,
    };
  });
}
