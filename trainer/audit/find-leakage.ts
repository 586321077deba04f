import { sourceInClass } from "../data/image-source.ts";
import type { AuditedImage } from "./examination.ts";
import type { Finding } from "./finding.ts";

/** Photos of one camera that are this close in time are of one burst, in milliseconds. */
const burstGapMs = 10_000;
/** A class that is told by where its images come from to more than this share of what is left to tell. */
const tellingShare = 0.6;
const leastImages = 20;

/** Images of one source on both sides of a split, and sources that give the class away. */
export function findLeakage(images: readonly AuditedImage[]): Finding[] {
  return [...findSharedSources(images), ...findTellingSources(images)];
}

/** Sources, by file name or by burst, that lie in more than one of the splits that the folders give. */
function findSharedSources(images: readonly AuditedImage[]): Finding[] {
  if (images.every((image) => image.givenSplit === null)) return [];
  const groups = [...groupBySequence(images), ...groupByBurst(images)];
  return groups
    .filter(({ members }) => new Set(members.map((image) => image.givenSplit)).size > 1)
    .map(({ name, members }) => ({
      check: "source-leak",
      severity: "warning",
      message:
        `${name}: ${members.length} images of one source lie in the splits ` +
        `${[...new Set(members.map((image) => image.givenSplit))].join(" and ")}; move all of them into one`,
      images: members.map(({ path, label, givenSplit }) => ({ path, label, note: `${givenSplit}` })),
    }));
}

interface SourceGroup {
  readonly name: string;
  readonly members: readonly AuditedImage[];
}

/** Files of one folder and stem with neighbouring numbers; a stem that all files share names no source. */
function groupBySequence(images: readonly AuditedImage[]): SourceGroup[] {
  const byStem = Map.groupBy(images, ({ path, label }) => `${label}/${sourceInClass(path, label)}`);
  return [...byStem]
    .filter(([stem, members]) => !stem.endsWith("/") && members.length < images.length / 4)
    .map(([stem, members]) => ({ name: `files named ${stem}*`, members }));
}

function groupByBurst(images: readonly AuditedImage[]): SourceGroup[] {
  const dated = images.filter((image) => image.takenAt !== null);
  return [...Map.groupBy(dated, (image) => image.camera ?? "unknown camera")].flatMap(([camera, shots]) => {
    const sorted = shots.toSorted((a, b) => (a.takenAt ?? 0) - (b.takenAt ?? 0));
    const bursts: AuditedImage[][] = [];
    let last = -Infinity;
    for (const shot of sorted) {
      const takenAt = shot.takenAt ?? 0;
      if (takenAt - last > burstGapMs) bursts.push([]);
      bursts.at(-1)?.push(shot);
      last = takenAt;
    }
    return bursts
      .filter((burst) => burst.length > 1)
      .map((members) => ({
        name: `a burst of ${camera} at ${new Date(members[0]?.takenAt ?? 0).toISOString()}`,
        members,
      }));
  });
}

/** Attributes of a file that a net could learn instead of what is to be seen. */
const attributes: readonly (readonly [string, (image: AuditedImage) => string])[] = [
  ["format", (image) => image.format],
  ["size", (image) => `${image.width}x${image.height}`],
  ["camera", (image) => image.camera ?? "not stated"],
  ["colour", (image) => (image.isGrey ? "grey" : "coloured")],
];

/** Attributes by which most classes could be told without looking at the picture. */
function findTellingSources(images: readonly AuditedImage[]): Finding[] {
  if (images.length < leastImages) return [];
  const base = majority(images);
  return attributes.flatMap(([name, valueOf]): Finding[] => {
    const groups = [...Map.groupBy(images, valueOf)];
    // A value of one image alone tells its class by definition.
    const told = groups.reduce((sum, [, members]) => sum + (members.length < 5 ? 0 : majority(members)), 0);
    const gained = (told - base) / Math.max(1, images.length - base);
    if (gained < tellingShare) return [];
    const values = groups
      .toSorted(([, a], [, b]) => b.length - a.length)
      .slice(0, 4)
      .map(([value, members]) => `${value}: ${describeLabels(members)}`);
    return [
      {
        check: "source-tells-class",
        severity: "warning",
        message:
          `the ${name} of the files tells the class of ${told} of ${images.length} images (${values.join("; ")}); ` +
          "a net will learn that instead of what is to be seen: get every class from every source",
        images: [],
      },
    ];
  });
}

function majority(images: readonly AuditedImage[]): number {
  return Math.max(
    0,
    ...[...Map.groupBy(images, (image) => image.label).values()].map((members) => members.length),
  );
}

function describeLabels(images: readonly AuditedImage[]): string {
  return [...Map.groupBy(images, (image) => image.label)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .slice(0, 3)
    .map(([label, members]) => `${members.length} ${label}`)
    .join(", ");
}
