import { type FrameSignature, isUnchanged, measureFrame } from "../../shared/camera/frame-signals.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import type { ImageCodec, PixelSpec } from "../../shared/image/codec.ts";
import type { MotionConfig } from "./bridge-config.ts";
import type { TimedFrame } from "./ports.ts";

/** Decides whether a frame is worth sending, by the code that the Worker leaves unchanged frames unclassified by. */
export type MotionGate = (frame: TimedFrame) => boolean;

const pixels: PixelSpec = {
  width: 128,
  height: 96,
  fit: "stretch",
  cropFraction: 1,
  filter: "triangle",
  background: [0, 0, 0],
  denoise: "none",
};

/** A gate for the frames of one camera. @param motion `null` sends every frame */
export function createMotionGate(codec: ImageCodec, motion: MotionConfig | null): MotionGate {
  let reference: FrameSignature | null = null;
  let sentAt = -Infinity;
  let settling = 0;
  return ({ bytes, at }) => {
    if (motion === null) return true;
    const signature = measure(codec, bytes);
    // what does not decode is for the Worker to say
    const changed = signature === null || reference === null || !isUnchanged(reference, signature, motion);
    if (changed) settling = motion.settleFrames;
    else if (settling > 0) settling--;
    else if (at - sentAt < motion.aliveSeconds * 1000) return false;
    if (changed) reference = signature;
    sentAt = at;
    return true;
  };
}

function measure(codec: ImageCodec, bytes: Uint8Array): FrameSignature | null {
  try {
    return measureFrame(codec.decode(bytes, pixels).image);
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}
