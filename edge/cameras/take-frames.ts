import { isScheduled } from "../../shared/camera/schedule.ts";
import { type CameraConfig, siteOf } from "../../shared/contract/camera.ts";
import type { FrameAnswer } from "../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../shared/contract/camera-event.ts";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { problemOf } from "../http/answer-problem.ts";
import type { Services } from "../services.ts";
import type { AdmittedCamera } from "./admit-camera.ts";
import { type CameraMemory, type RememberedCamera, takeAllowance } from "./camera-memory.ts";
import { type ClassifiedResult, classifyFrame, modelOf } from "./classify-frame.ts";
import type { SentFrames } from "./read-frames.ts";
import type { FrameReport, SiteAnswer } from "./site-contract.ts";
import { keepSnapshot } from "./snapshots.ts";

/** What one request brings. */
export interface FrameRequest {
  readonly requestId: string;
  /** Where links begin. */
  readonly origin: string;
  readonly keepAlive: (work: Promise<unknown>) => void;
}

/** The frames of one request. */
export interface PostedFrames extends SentFrames {
  /** Of what the camera may send, as many are taken already. */
  readonly paid?: number;
  /** Whether they are of a stream, whose frames nobody can send again. */
  readonly isStream?: boolean;
}

/** What became of the frames of one request. */
export interface TakenFrames {
  readonly state: string | null;
  /** In the order they were sent. */
  readonly frames: readonly FrameAnswer[];
  readonly events: readonly CameraEvent[];
}

type Skipped = Extract<FrameAnswer["reason"], "schedule" | "sampling" | "burst" | "rate">;

/** A picture for those who watch; larger ones are not worth their way. */
const largestPicture = 300_000;
let posts = 0;

/**
 * Classifies the newest frames of one post, the newest first, and tells the site of them, the oldest first.
 * @throws {AppError} unauthorized when the token was taken back meanwhile; model_unavailable; overloaded or
 * store_unavailable where no frame was taken, and they can be sent again
 */
export async function takeFrames(
  admitted: AdmittedCamera,
  sent: PostedFrames,
  request: FrameRequest,
  services: Services,
  memory: CameraMemory,
): Promise<TakenFrames | "stale"> {
  const { record } = admitted;
  const camera = memory.of(record.id);
  const { answers, reports } = await classifyNewest(admitted, camera, sent, request, services);
  if (reports.length === 0) return { state: null, frames: answers, events: [] };
  const frames = reports.map(({ report }) => report);
  const told = await tellSite(admitted, frames, request, services);
  if (told.kind === "stale") return "stale";
  camera.isWatched = told.watched;
  for (const [i, verdict] of told.verdicts.entries()) {
    const index = reports[i]?.index ?? 0;
    if (verdict !== "counted") answers[index] = { ...answers[index], outcome: "dropped", reason: verdict };
  }
  for (const { frame, key } of told.snapshots) {
    const bytes = sent.images[reports[frame]?.index ?? -1] ?? new Uint8Array();
    request.keepAlive(keepSnapshot(services, record.config, key, bytes, camera.size));
  }
  return { state: told.state, frames: answers, events: told.events };
}

interface ClassifiedPost {
  /** In the order they were sent. */
  readonly answers: FrameAnswer[];
  /** The oldest first, with the position in the post. */
  readonly reports: readonly { readonly index: number; readonly report: FrameReport }[];
}

async function classifyNewest(
  { record }: AdmittedCamera,
  camera: RememberedCamera,
  sent: PostedFrames,
  request: FrameRequest,
  services: Services,
): Promise<ClassifiedPost> {
  const { config } = record;
  const arrivedAt = services.clock();
  const now = config.clock === "camera" ? (sent.at ?? arrivedAt) : arrivedAt;
  const answers: FrameAnswer[] = sent.images.map(() => ({ outcome: "skipped", reason: "burst" }));
  const reports: { readonly index: number; readonly report: FrameReport }[] = [];
  if ((await takeTurn(camera, config.burstFrames, services)) === "burst") return { answers, reports };
  for (const [index, bytes] of [...sent.images.entries()].slice(-config.burstFrames).toReversed()) {
    const isPaid = sent.images.length - index <= (sent.paid ?? 0);
    const reason = reasonToSkip(config, camera, now, isPaid ? null : arrivedAt);
    if (reason !== null) {
      answers[index] = { outcome: "skipped", reason };
      continue;
    }
    try {
      const asked = {
        reference: modelOf(config, services.settings),
        caller: `camera ${record.id}`,
        keepAlive: request.keepAlive,
      };
      const result = await services.rollouts.use(asked, (served) =>
        classifyFrame(served, bytes, record, camera, now),
      );
      answers[index] = answerOf(result);
      const picture = camera.isWatched ? bytes : null;
      reports.unshift({ index, report: reportOf(result, sent.at, arrivedAt, picture) });
    } catch (error) {
      const canResend = reports.length === 0 && sent.isStream !== true;
      if (isOurs(error) || (isBusy(error) && canResend)) throw error;
      answers[index] = { outcome: "failed", problem: problemOf(error, request.requestId, services) };
    }
  }
  return { answers, reports };
}

/** Lets newer posts of the camera come in; when many have, this one is not worth a look any more. */
async function takeTurn(
  camera: RememberedCamera,
  burstFrames: number,
  { wait }: Pick<Services, "wait">,
): Promise<"burst" | "go"> {
  const post = ++posts;
  camera.waiting.add(post);
  try {
    await wait(0);
    let newer = 0;
    for (const other of camera.waiting) if (other > post) newer++;
    return newer >= burstFrames ? "burst" : "go";
  } finally {
    camera.waiting.delete(post);
  }
}

/** @param arrivedAt `null` for a frame that is paid for */
function reasonToSkip(
  { schedule, sampleSeconds, rate }: CameraConfig,
  camera: RememberedCamera,
  now: number,
  arrivedAt: number | null,
): Skipped | null {
  if (schedule !== null && !isScheduled(schedule, now)) return "schedule";
  if (Math.abs(now - camera.classifiedAt) < sampleSeconds * 1000) return "sampling";
  return arrivedAt !== null && takeAllowance(camera, rate, arrivedAt) > 0 ? "rate" : null;
}

/** What is not the fault of the frame. */
function isOurs(error: unknown): boolean {
  return !(error instanceof AppError) || ["model_unavailable", "not_found", "internal"].includes(error.code);
}

/** What passes: the frame is worth another try, but not the newer ones that are taken already. */
function isBusy(error: unknown): boolean {
  return isAppError(error, "overloaded") || isAppError(error, "store_unavailable");
}

function answerOf({ outcome, predictions, unknown }: ClassifiedResult): FrameAnswer {
  return { outcome, predictions: [...predictions], unknown };
}

function reportOf(
  { outcome, predictions, unknown, signature }: ClassifiedResult,
  at: number | null,
  arrivedAt: number,
  picture: Uint8Array | null,
): FrameReport {
  const { grid: _, ...signals } = signature;
  const isSmall = picture !== null && picture.length <= largestPicture;
  return { at, arrivedAt, outcome, predictions, unknown, signals, picture: isSmall ? picture : null };
}

function tellSite(
  { record, tokenSha256 }: AdmittedCamera,
  frames: readonly FrameReport[],
  { origin }: FrameRequest,
  { sites }: Pick<Services, "sites">,
): Promise<SiteAnswer> {
  const { id, revision } = record;
  return sites.getByName(siteOf(id)).report({ camera: id, revision, tokenSha256, origin, frames });
}
