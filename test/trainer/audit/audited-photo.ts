import type { AuditedImage } from "../../../trainer/audit/examination.ts";

let made = 0;
/** A sound photo of its own; tests override what they are about. */
export function photo(changes: Partial<AuditedImage> = {}): AuditedImage {
  made += 1;
  return {
    kind: "image",
    path: `ant/${String(made)}.jpg`,
    label: "ant",
    givenSplit: null,
    range: { file: "", offset: 0, bytes: 1 },
    sha256: String(made).padStart(64, "0"),
    perceptualHash: ((BigInt(made) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn)
      .toString(16)
      .padStart(16, "0"),
    format: "jpeg",
    width: 640,
    height: 480,
    orientation: 1,
    damages: 0,
    brightness: 120,
    contrast: 50,
    sharpness: 0.6,
    isGrey: false,
    isCmyk: false,
    colourProfile: null,
    camera: null,
    takenAt: null,
    hasPosition: false,
    features: new Float32Array(1),
    ...changes,
  };
}

/** So many photos, each of its own. */
export const several = (count: number, changes: Partial<AuditedImage> = {}): AuditedImage[] =>
  Array.from({ length: count }, () => photo(changes));
