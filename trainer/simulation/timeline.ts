import { createChance } from "../data/sample/chance.ts";
import { sceneLabels, type SceneLabel } from "../data/sample/draw-scene.ts";

/** A camera sees one thing from a second on, until the next. */
export interface Segment {
  readonly label: SceneLabel;
  /** First second, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** What happens to one frame on its way from the scene to the Worker. */
export interface FrameFate {
  /** Second of the frame by the camera's clock. */
  readonly second: number;
  readonly trouble: "none" | "flash" | "dark" | "band" | "blur";
  /** Its light, 1 without flicker. */
  readonly gain: number;
  /** Whether the camera sends the frame before once more instead. */
  readonly frozen: boolean;
}

/** One post: a frame, at the second in which it is sent. */
export interface Sending {
  readonly second: number;
  /** Index into the fates. */
  readonly frame: number;
}

/** What one camera sees and sends. */
export interface Timeline {
  readonly camera: number;
  readonly segments: readonly Segment[];
  readonly fates: readonly FrameFate[];
  /** In the order of sending. */
  readonly sendings: readonly Sending[];
}

/** Of a camera's frames: spoilt ones, those sent twice, and those sent late. */
const spoiltShare = 0.03;
const duplicateShare = 0.02;
const lateShare = 0.02;
/** Seconds that a thing stays in view. */
const shortestStay = 30;
const longestStay = 62;

/**
 * What a camera sees for some minutes at a frame a second: things come and go, light flickers, single frames are spoilt,
 * the line stalls once and the camera freezes once, frames come twice or late. The same seed gives the same.
 */
export function planTimeline(seed: number, camera: number, seconds: number): Timeline {
  const chance = createChance(seed, `simulation/${camera}`);
  const segments: Segment[] = [];
  let label: SceneLabel = "empty";
  for (let from = 0; from < seconds;) {
    const to = Math.min(seconds, from + Math.round(chance.between(shortestStay, longestStay)));
    // a stay too short to be told of is none
    const isLast = seconds - to < shortestStay;
    segments.push({ label, from, to: isLast ? seconds : to });
    from = isLast ? seconds : to;
    const others = sceneLabels.filter((other) => other !== label);
    label = others[chance.random.integer(others.length)] ?? "empty";
  }
  const flicker = chance.happens(0.4) ? chance.between(0.03, 0.12) : 0.01;
  const stall = pickQuiet(segments, chance.between(0, 1), 18);
  const freeze = pickQuiet(segments, chance.between(0, 1), 12);
  const fates = Array.from({ length: seconds }, (_, second): FrameFate => {
    const trouble = chance.happens(spoiltShare)
      ? chance.pick(["flash", "dark", "band", "blur"] as const)
      : "none";
    const gain = 1 + chance.between(-flicker, flicker);
    const frozen = second > freeze.from && second < freeze.to;
    return { second, trouble: frozen ? "none" : trouble, gain, frozen };
  });
  const sendings: Sending[] = [];
  for (let frame = 0; frame < seconds; frame++) {
    const isLate = chance.happens(lateShare);
    const isTwice = chance.happens(duplicateShare);
    if (frame >= stall.from && frame < stall.to) continue;
    sendings.push({ second: isLate ? frame + 2 + chance.random.integer(4) : frame, frame });
    if (isTwice) sendings.push({ second: frame, frame });
  }
  // late ones come after those of their second
  sendings.sort((a, b) => a.second - b.second || b.frame - a.frame);
  return { camera, segments, fates, sendings };
}

/** Seconds within one segment, away from its changes. @param share 0-1, picks the segment */
function pickQuiet(
  segments: readonly Segment[],
  share: number,
  length: number,
): { readonly from: number; readonly to: number } {
  const roomy = segments.filter(({ from, to }) => to - from >= length + 14);
  const chosen = roomy[Math.floor(share * roomy.length)];
  if (chosen === undefined) return { from: -1, to: -1 };
  const from = chosen.from + 10;
  return { from, to: from + length };
}
