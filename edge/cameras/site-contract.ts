import type { Prediction } from "../../shared/contract/prediction.ts";
import type { CameraConfig } from "../../shared/contract/camera.ts";
import type { RecentFrame } from "../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../shared/contract/camera-event.ts";
import type { FrameSignals } from "../../shared/camera/frame-signals.ts";
import type { StoredToken } from "./camera-token.ts";

/** A camera as its site keeps it. Times are milliseconds since 1970. */
export interface CameraRecord {
  readonly id: string;
  readonly config: CameraConfig;
  readonly revision: number;
  readonly tokens: readonly StoredToken[];
  readonly createdAt: number;
}

/** What a Worker found in one frame. */
export interface FrameReport {
  /** Milliseconds since 1970 by the camera's clock, `null` where it does not tell. */
  readonly at: number | null;
  readonly arrivedAt: number;
  readonly outcome: "classified" | "reused";
  /** Most probable first. */
  readonly predictions: readonly Prediction[];
  readonly unknown: boolean;
  readonly signals: FrameSignals;
  /** The file, where somebody watches. */
  readonly picture: Uint8Array | null;
}

/** Frames of one camera, the oldest first. */
export interface SiteReport {
  readonly camera: string;
  /** Of the configuration that the frames were handled by. */
  readonly revision: number;
  /** Hash of the token that let them in, `null` for a key. */
  readonly tokenSha256: string | null;
  /** Where links to this service begin, e.g. `https://edge.example`. */
  readonly origin: string;
  readonly frames: readonly FrameReport[];
}

/** What a site made of a report. */
export type SiteAnswer =
  | {
      readonly kind: "taken";
      readonly verdicts: readonly RecentFrame["verdict"][];
      readonly state: string | null;
      readonly events: readonly CameraEvent[];
      /** Index of the frame that is to be kept for an event, and its key in the bucket. */
      readonly snapshots: readonly { readonly frame: number; readonly key: string }[];
      /** Whether somebody watches and wants pictures. */
      readonly watched: boolean;
    }
  /** Its configuration or tokens are others by now: look again. */
  | { readonly kind: "stale" };
