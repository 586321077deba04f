import type { MetadataColumn } from "../data/metadata-table.ts";
import { countedShare } from "./evaluate-outputs.ts";
import type { CountedShare } from "./evaluation-record.ts";
import type { ImageFacts } from "./image-facts.ts";

/** How the bundle did on a part of the images. */
export interface Slice extends CountedShare {
  /** What the images were parted by, such as `camera`, or a column of the user's metadata. */
  readonly by: string;
  readonly name: string;
  /** Too few images to tell anything. */
  readonly isSmall: boolean;
}

/** A smaller part tells nothing. */
const leastImages = 10;
const mostParts = 12;
const unstated = "not told";
const day = { from: 6, to: 18 };

/**
 * Top-1 accuracy by what files and the user tell of the images: source, camera, time of day, format, size, brightness,
 * and every column of the metadata. What parts the images into one part only is left out, as it tells nothing.
 * @param right whether each image was classified rightly
 */
export function sliceAccuracy(
  facts: readonly ImageFacts[],
  right: readonly boolean[],
  metadata: readonly MetadataColumn[] = [],
): Slice[] {
  const byName = (by: string, nameOf: (fact: ImageFacts) => string | null | undefined): Slice[] =>
    describeParts(by, largestFirst(facts.map((fact) => nameOf(fact) || unstated)), right);
  const byRange = (
    by: string,
    parts: number,
    valueOf: (fact: ImageFacts) => number | null,
    describe: (range: string) => string = (range) => range,
  ): Slice[] => describeParts(by, ranges(facts.map(valueOf), parts, describe), right);
  return [
    ...byName("source", ({ source }) => source),
    ...byName("camera", ({ camera }) => camera),
    ...byName("time of day", ({ takenAt }) => (takenAt === null ? null : timeOfDay(takenAt))),
    ...byName("format", ({ format }) => ({ jpeg: "JPEG", png: "PNG", webp: "WebP" })[format]),
    ...byRange(
      "size",
      3,
      ({ width, height }) => Math.min(width, height),
      (range) => `shorter side ${range} px`,
    ),
    ...byRange(
      "brightness",
      3,
      ({ brightness }) => Math.round(brightness),
      (range) => `mean brightness ${range}`,
    ),
    ...metadata.flatMap(({ name, kind, values }) => {
      const by = `metadata: ${name}`;
      if (kind === "category") return byName(by, ({ path }) => values.get(path));
      return byRange(by, 4, ({ path }) => (values.has(path) ? Number(values.get(path)) : null));
    }),
  ];
}

/** By the camera's clock. */
function timeOfDay(takenAt: number): string {
  const hour = new Date(takenAt).getUTCHours();
  return hour >= day.from && hour < day.to
    ? `day, ${day.from} to ${day.to} h`
    : `night, ${day.to} to ${day.from} h`;
}

/** Numbers of the images, by the name of the part. */
type Parts = readonly (readonly [string, readonly number[]])[];

/** The largest parts by name; of many, the small ones are one, and nothing is told where all are small. */
function largestFirst(names: readonly string[]): Parts {
  const parts = [...Map.groupBy(names.keys(), (i) => names[i] ?? unstated)].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  if (parts.length <= mostParts) return parts;
  const own = parts.slice(0, mostParts - 1).filter(([, rows]) => rows.length >= leastImages);
  const others = parts.slice(own.length);
  if (own.length === 0) return [];
  return [...own, [`${others.length} others`, others.flatMap(([, rows]) => rows)]];
}

/** Parts of rising values, of about as many images each; what has no value comes last. */
function ranges(
  values: readonly (number | null)[],
  parts: number,
  describe: (range: string) => string,
): Parts {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const edges = [...new Set(Array.from({ length: parts }, (_, part) => at((part + 1) / parts)))];
  const nameOf = (part: number): string => {
    const [low, high] = [part === 0 ? at(0) : (edges[part - 1] ?? 0), edges[part] ?? 0];
    if (part > 0) return `above ${short(low)} to ${short(high)}`;
    return low === high ? short(low) : `${short(low)} to ${short(high)}`;
  };
  const rows = [...values.keys()];
  const told = edges.map((high, part): Parts[number] => {
    const isWithin = (value: number): boolean =>
      value <= high && (part === 0 || value > (edges[part - 1] ?? 0));
    return [
      describe(nameOf(part)),
      rows.filter((i) => {
        const value = values[i];
        return typeof value === "number" && isWithin(value);
      }),
    ];
  });
  return [...told, [unstated, rows.filter((i) => values[i] === null)]];
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function describeParts(by: string, parts: Parts, right: readonly boolean[]): Slice[] {
  const filled = parts.filter(([, rows]) => rows.length > 0);
  if (filled.length < 2) return [];
  return filled.map(([name, rows]) => ({
    by,
    name,
    isSmall: rows.length < leastImages,
    ...countedShare(rows.filter((i) => right[i]).length, rows.length),
  }));
}
