import * as z from "zod/mini";
import {
  type CameraConfig,
  type CameraConfigInput,
  cameraConfigSchema,
} from "../../../shared/contract/camera.ts";
import {
  type CameraChange,
  type CameraState,
  type FrameResult,
  type FrameVerdict,
  newCameraState,
  step,
} from "../../../shared/camera/decide.ts";
import type { FrameSignals } from "../../../shared/camera/frame-signals.ts";

/** A configuration with every default but what is told. */
export function cameraConfig(part: CameraConfigInput = {}): CameraConfig {
  return z.parse(cameraConfigSchema, part);
}

/** Of a sound, lively picture. */
export function soundSignals(part: Partial<FrameSignals> = {}): FrameSignals {
  return {
    hash: "00ff00ff00ff00ff",
    fingerprint: String(++measured),
    luma: 120,
    contrast: 50,
    sharpness: 4,
    ...part,
  };
}

let measured = 0;

/** Noon of some day, milliseconds since 1970. */
export const noon = Date.parse("2026-01-31T12:00:00Z");

/** A frame that shows `label`, `second` seconds after noon. */
export function frameOf(label: string | null, second: number, part: Partial<FrameResult> = {}): FrameResult {
  const probability = part.probability ?? 0.99;
  return {
    at: null,
    arrivedAt: noon + second * 1000,
    label,
    probability,
    shares: label === null ? {} : { [label]: probability },
    signals: soundSignals(),
    ...part,
  };
}

/** What a camera said of some frames. */
export interface Replay {
  readonly state: CameraState;
  readonly verdicts: readonly FrameVerdict[];
  readonly changes: readonly CameraChange[];
}

/** Runs frames through the state machine. */
export function replay(
  frames: readonly FrameResult[],
  config: CameraConfig = cameraConfig(),
  from: CameraState = newCameraState,
): Replay {
  let state = from;
  const verdicts: FrameVerdict[] = [];
  const changes: CameraChange[] = [];
  for (const frame of frames) {
    const stepped = step(state, frame, config);
    state = stepped.state;
    verdicts.push(stepped.verdict);
    changes.push(...stepped.changes);
  }
  return { state, verdicts, changes };
}

/** Frames a second apart, one for each label. */
export function seriesOf(labels: readonly (string | null)[], from = 0): FrameResult[] {
  return labels.map((label, i) => frameOf(label, from + i));
}
