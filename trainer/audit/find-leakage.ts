import type { Split } from "../../shared/contract/dataset.ts";
import { folderInClass } from "../data/image-source.ts";
import { countingName, findSources, type Source, type SourcedFile } from "../data/find-sources.ts";
import { findScenes, type HashedImage } from "../data/near-duplicates.ts";
import type { AuditedImage } from "./examination.ts";
import type { Finding } from "./finding.ts";

/** A folder or a stem of numbered names with more of its class than this is how the class is laid out, and no source. */
const mostOfClass = 0.25;
/** With so many cameras they can be told apart by splits. */
const severalCameras = 4;
/** A class that is told by where its images come from to more than this share of what is left to tell. */
const tellingShare = 0.6;
const leastImages = 20;

/** An image with the split that training gives it. */
export type PlacedFile = SourcedFile &
  HashedImage & {
    readonly split: Split;
    /** What training knows it to be of one source with. */
    readonly source?: string | undefined;
  };

/** Images of one source that are trained on and measured by. */
export interface LeakedSource<File extends PlacedFile = PlacedFile> extends Source<File> {
  /** What keeps such sources in one split. */
  readonly groupBy: "folder" | "sequence";
}

/** Images of one source on both sides of a split, and sources that give the class away. */
export function findLeakage(images: readonly (AuditedImage & PlacedFile)[]): Finding[] {
  return [
    ...findLeakedSources(images).map(describeSource),
    ...findLeakedScenes(images.filter(({ contrast }) => contrast >= 1)).map(describeScene),
    ...describeCameras(findSources(images, "camera")),
    ...findTellingSources(images),
  ];
}

/** Folders within a class, and sequences by time or by number, that lie in train and in another split. */
export function findLeakedSources<File extends PlacedFile>(images: readonly File[]): LeakedSource<File>[] {
  const folders = isSmallIn(images, ({ path, label }) => folderInClass(path, label));
  const stems = isSmallIn(images, (image) => countingName(image)?.stem ?? image.path);
  const byFolder = findSources(images.filter(folders), "folder").filter(isLeaked);
  const told = new Set(byFolder.flatMap(({ members }) => members));
  const bySequence = findSources(images, "sequence")
    .filter(({ members }) => members.every(stems) && !members.every((image) => told.has(image)))
    .filter(isLeaked);
  return [
    ...byFolder.map((source) => ({ ...source, groupBy: "folder" as const })),
    ...bySequence.map((source) => ({ ...source, groupBy: "sequence" as const })),
  ];
}

/** Pictures that are nearly alike, too many to be placed as one, that lie in train and in another split. */
export function findLeakedScenes<File extends PlacedFile>(images: readonly File[]): File[][] {
  const unsourced = images.filter(({ source }) => source === undefined);
  return findScenes(unsourced)
    .map((scene) => scene.flatMap((member) => unsourced[member] ?? []))
    .filter((members) => isLeaked({ members }));
}

/** Tells whether no more than a part of an image's class shares its key. */
function isSmallIn<File extends PlacedFile>(
  images: readonly File[],
  keyOf: (image: File) => string,
): (image: File) => boolean {
  const classes = count(images.map(({ label }) => label));
  const keys = count(images.map((image) => `${image.label}/${keyOf(image)}`));
  return (image) =>
    (keys.get(`${image.label}/${keyOf(image)}`) ?? 0) <= mostOfClass * (classes.get(image.label) ?? 0);
}

function count(keys: readonly string[]): Map<string, number> {
  return new Map([...Map.groupBy(keys, (key) => key)].map(([key, same]) => [key, same.length]));
}

function isLeaked({ members }: { readonly members: readonly PlacedFile[] }): boolean {
  const used = new Set(members.map(({ split }) => split));
  return used.has("train") && used.size > 1;
}

function describeSource({ groupBy, name, members }: LeakedSource): Finding {
  return leak(
    `${groupBy} ${name}: ${members.length} images of one source lie in the splits ${splitsOf(members)}, so what is ` +
      `measured was seen in training; \`--group-by ${groupBy}\` keeps each in one`,
    members,
  );
}

function describeScene(members: readonly PlacedFile[]): Finding {
  return leak(
    `${members.length} images are nearly alike, as those of a camera that never moves are, too many to be placed as ` +
      `one: they lie in the splits ${splitsOf(members)}; \`--group-by sequence\` keeps those together that follow each other`,
    members,
  );
}

function leak(message: string, members: readonly PlacedFile[]): Finding {
  const images = members.map(({ path, label, split }) => ({ path, label, note: split }));
  return { check: "source-leak", severity: "warning", message, images };
}

function splitsOf(members: readonly PlacedFile[]): string {
  return [...new Set(members.map(({ split }) => split))].join(" and ");
}

/** A camera is no source of one picture, but what is measured holds for those that training has seen. */
function describeCameras(cameras: readonly Source<PlacedFile>[]): Finding[] {
  const seen = cameras.filter(isLeaked);
  const [first] = seen;
  if (first === undefined || cameras.length < severalCameras) return [];
  return [
    {
      check: "source-leak",
      severity: "note",
      message:
        `${seen.length} of ${cameras.length} cameras took images of train and of other splits, such as ${first.name}: ` +
        "what is measured holds for cameras that training has seen; `--group-by camera` measures others",
      images: [],
    },
  ];
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
