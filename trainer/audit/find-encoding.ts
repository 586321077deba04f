import type { AuditedImage } from "./examination.ts";
import type { Finding } from "./finding.ts";
import { collect } from "./find-quality.ts";

/** What the files' formats and metadata hold that is unlike the others or better not passed on. */
export function findEncoding(images: readonly AuditedImage[]): Finding[] {
  const greys = images.filter((image) => image.isGrey).length;
  const isMixed = greys > 0 && greys < images.length / 2;
  return [
    collect(
      images,
      "colour",
      "note",
      "an unusual colour space; it is converted, check that it looks right",
      (image) => unusualColour(image),
    ),
    isMixed
      ? collect(
          images,
          "colour",
          "note",
          "grey among coloured ones; a class of mostly grey images is told by that",
          (image) => (image.isGrey ? "grey" : null),
        )
      : [],
    collect(
      images,
      "orientation",
      "note",
      "turned by their EXIF orientation; applied here, many programs ignore it",
      (image) => (image.orientation > 1 ? `orientation ${image.orientation}` : null),
    ),
    collect(
      images,
      "position",
      "warning",
      "tell where they were taken; remove that before passing them on",
      (image) => (image.hasPosition ? "GPS position" : null),
    ),
  ].flat();
}

function unusualColour({ isCmyk, colourProfile }: AuditedImage): string | null {
  if (isCmyk) return "CMYK, made for print";
  return colourProfile === null || /srgb|gr[ae]y|c2/i.test(colourProfile) ? null : `profile ${colourProfile}`;
}
