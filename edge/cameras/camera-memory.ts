import type { FrameSignature } from "../../shared/camera/frame-signals.ts";
import type { Prediction } from "../../shared/contract/prediction.ts";
import type { FrameSize } from "../../shared/image/decode-region.ts";
import type { CameraRecord } from "./site-contract.ts";

/** A frame that was classified, for others to be compared with. */
export interface ClassifiedFrame {
  readonly signature: FrameSignature;
  readonly predictions: readonly Prediction[];
  readonly unknown: boolean;
  /** What it was classified by: a model version and a revision of the configuration. */
  readonly by: string;
  /** Whether the frame before it showed the same and was classified alike: others may take over what two agree on. */
  readonly isConfirmed: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What an isolate remembers of one camera: everything of it can be forgotten, and only costs time then. */
export interface RememberedCamera {
  /** `null` where the site knows no such camera. */
  record: CameraRecord | null;
  /** When the site was asked, milliseconds since 1970. */
  lookedUpAt: number;
  reference: ClassifiedFrame | null;
  size: FrameSize | null;
  /** Frames that may come, and when that was so. */
  allowance: number;
  allowanceAt: number;
  /** When the last frame was classified, for sampling. */
  classifiedAt: number;
  /** Numbers of the posts that wait for their turn. */
  readonly waiting: Set<number>;
  /** Whether the site wants pictures, since somebody watches. */
  isWatched: boolean;
}

const mostCameras = 2000;

/** The cameras an isolate has heard of, the least recently heard forgotten first. */
export class CameraMemory {
  readonly #cameras = new Map<string, RememberedCamera>();

  /** What is remembered of a camera, from nothing where it is new. */
  of(id: string): RememberedCamera {
    const known = this.#cameras.get(id) ?? {
      record: null,
      lookedUpAt: -Infinity,
      reference: null,
      size: null,
      allowance: Infinity,
      allowanceAt: 0,
      classifiedAt: -Infinity,
      waiting: new Set<number>(),
      isWatched: false,
    };
    this.#cameras.delete(id);
    this.#cameras.set(id, known);
    for (const oldest of this.#cameras.keys()) {
      if (this.#cameras.size <= mostCameras) break;
      this.#cameras.delete(oldest);
    }
    return known;
  }

  /** Forgets a camera that was deleted or changed. */
  forget(id: string): void {
    this.#cameras.delete(id);
  }
}

/** Takes one frame of what a camera may send now. @returns 0, or milliseconds until the next may come */
export function takeAllowance(
  camera: RememberedCamera,
  { perSecond, burst }: CameraRecord["config"]["rate"],
  now: number,
): number {
  const refilled = camera.allowance + ((now - camera.allowanceAt) / 1000) * perSecond;
  camera.allowance = Math.min(burst, refilled);
  camera.allowanceAt = now;
  if (camera.allowance < 1) return Math.ceil(((1 - camera.allowance) / perSecond) * 1000);
  camera.allowance -= 1;
  return 0;
}
