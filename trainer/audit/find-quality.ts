import type { AuditedImage } from "./examination.ts";
import type { Finding } from "./finding.ts";

/** Shorter sides below this hold too little to tell classes apart, in pixels. */
const tinySide = 32;
/** Mean luma of 255. */
const darkest = 25;
const brightest = 235;
/** Standard deviation of the luma below which a picture shows nothing. */
const plainest = 6;
/** Absolute sharpness that no blurred photo reaches, and the share of the dataset's median that it stays below. */
const blurredBelow = 0.25;
const blurredShare = 0.4;

/** Images that a camera or a copy spoilt: tiny, dark, bright, plain, blurred, damaged. */
export function findQuality(images: readonly AuditedImage[]): Finding[] {
  const sharpness = images.flatMap((image) => image.sharpness ?? []).toSorted((a, b) => a - b);
  const median = sharpness[Math.floor(sharpness.length / 2)] ?? 0;
  const limit = Math.min(blurredBelow, blurredShare * median);
  return [
    collect(images, "tiny", "warning", `shorter side below ${tinySide} px; use the originals`, (image) =>
      Math.min(image.width, image.height) < tinySide ? `${image.width}x${image.height} px` : null,
    ),
    collect(images, "plain", "warning", "hardly anything to be seen; remove them", (image) =>
      isPlain(image) ? `contrast ${image.contrast.toFixed(1)}` : null,
    ),
    collect(images, "dark", "note", "very dark; right only if such photos are to be classified", (image) =>
      image.brightness < darkest && !isPlain(image) ? `mean ${image.brightness.toFixed(0)} of 255` : null,
    ),
    collect(
      images,
      "bright",
      "note",
      "very bright; right only if such photos are to be classified",
      (image) =>
        image.brightness > brightest && !isPlain(image) ? `mean ${image.brightness.toFixed(0)} of 255` : null,
    ),
    collect(
      images,
      "blurred",
      "note",
      "blurred beside the others; right only if such photos are to come",
      (image) =>
        image.sharpness !== null && image.sharpness < limit && !isPlain(image)
          ? `sharpness ${image.sharpness.toFixed(2)}, median ${median.toFixed(2)}`
          : null,
    ),
    collect(images, "damaged", "warning", "damaged, and shown as far as they go; copy them again", (image) =>
      image.damages > 0 ? `${image.damages} damages` : null,
    ),
  ].flat();
}

function isPlain(image: AuditedImage): boolean {
  return image.contrast < plainest;
}

/** One finding on all images that `noteOf` has something to say of; none when there is no such image. */
export function collect(
  images: readonly AuditedImage[],
  check: Finding["check"],
  severity: Finding["severity"],
  advice: string,
  noteOf: (image: AuditedImage) => string | null,
): Finding[] {
  const found = images.flatMap((image) => {
    const note = noteOf(image);
    return note === null ? [] : [{ path: image.path, label: image.label, note }];
  });
  if (found.length === 0) return [];
  return [
    { check, severity, message: `${found.length} of ${images.length} images: ${advice}`, images: found },
  ];
}
