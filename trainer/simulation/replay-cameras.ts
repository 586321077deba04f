import type { FramesAnswer } from "../../shared/contract/camera-api.ts";
import { openPostingCamera, type PostingCamera } from "./camera-client.ts";
import type { CameraRun, ToldChange } from "./score.ts";
import type { Timeline } from "./timeline.ts";

/** A camera with its drawn frames. */
export interface DrawnCamera {
  readonly timeline: Timeline;
  readonly frames: readonly Uint8Array[];
}

/** What came of all cameras. */
export interface ReplayResult {
  /** As the site told of changes. */
  readonly decided: readonly CameraRun[];
  /** As somebody would who tells whenever a frame's top class is another than the one before. */
  readonly perFrame: readonly CameraRun[];
  readonly posts: number;
  /** Frames that counted, and those of them that took over a classification. */
  readonly counted: number;
  readonly reused: number;
  /** Frames that were dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Some day: the cameras' clocks are what decides. */
const startAt = Date.parse("2026-01-31T00:00:00Z");

/** Every option that a site has but these is as it is for everybody. */
const config = {
  clock: "camera",
  // a frame later than by default, for a quarter of its false alarms: 1 instead of 4 in the camera-day it was chosen by
  vote: { k: 4, n: 6 },
  // a replay is as fast as it can be
  rate: { perSecond: 1000, burst: 1000 },
} as const;

interface Watched {
  readonly drawn: DrawnCamera;
  readonly posting: PostingCamera;
  readonly decided: ToldChange[];
  readonly perFrame: ToldChange[];
  /** What the trigger per frame takes for the state. */
  last: string | null;
}

/** Posts what the cameras see, second by second, all cameras at a time, and notes what they are told. */
export async function replayCameras(
  url: string,
  site: string,
  cameras: readonly DrawnCamera[],
  onSecond: (done: number, total: number) => void,
): Promise<ReplayResult> {
  const watched = await Promise.all(
    cameras.map(async (drawn): Promise<Watched> => {
      const posting = await openPostingCamera(url, `${site}.camera-${drawn.timeline.camera}`, config);
      return { drawn, posting, decided: [], perFrame: [], last: null };
    }),
  );
  const tally = { posts: 0, counted: 0, reused: 0, dropped: {} as Record<string, number> };
  const seconds = Math.max(...cameras.map(({ timeline }) => timeline.sendings.at(-1)?.second ?? 0)) + 1;
  for (let second = 0; second < seconds; second++) {
    await Promise.all(watched.map((camera) => sendSecond(camera, second, tally)));
    onSecond(second + 1, seconds);
  }
  const runOf = (told: (camera: Watched) => ToldChange[]): CameraRun[] =>
    watched.map((camera) => ({
      segments: camera.drawn.timeline.segments,
      sent: [...new Set(camera.drawn.timeline.sendings.map(({ frame }) => frame))].toSorted((a, b) => a - b),
      told: told(camera),
    }));
  return {
    ...tally,
    decided: runOf(({ decided }) => decided),
    perFrame: runOf(({ perFrame }) => perFrame),
  };
}

async function sendSecond(
  camera: Watched,
  second: number,
  tally: { posts: number; counted: number; reused: number; dropped: Record<string, number> },
): Promise<void> {
  const { timeline, frames } = camera.drawn;
  for (const sending of timeline.sendings) {
    if (sending.second !== second) continue;
    const frame = frames[sending.frame] ?? new Uint8Array();
    const answer = await camera.posting.post(frame, startAt + sending.frame * 1000);
    tally.posts++;
    note(camera, answer, sending.second);
    const [seen] = answer.frames;
    if (seen?.reason !== undefined) tally.dropped[seen.reason] = (tally.dropped[seen.reason] ?? 0) + 1;
    else tally.counted++;
    if (seen?.outcome === "reused") tally.reused++;
  }
}

function note(camera: Watched, { events, frames: [frame] }: FramesAnswer, second: number): void {
  for (const event of events) {
    if (event.type !== "camera.state") continue;
    camera.decided.push({ second: (Date.parse(event.at) - startAt) / 1000, label: event.label });
  }
  const label = frame?.predictions?.[0]?.label;
  if (label === undefined) return;
  if (camera.last !== null && label !== camera.last) camera.perFrame.push({ second, label });
  camera.last = label;
}
