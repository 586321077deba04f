import { countedShare } from "./evaluate-outputs.ts";
import type { CountedShare } from "./evaluation-record.ts";

/** What is known of an image beside its class. */
export interface ImageFacts {
  readonly path: string;
  /** Where it comes from, as far as its path tells; `""` where it does not. */
  readonly source: string;
  /** Pixels of the file. */
  readonly width: number;
  /** Pixels of the file. */
  readonly height: number;
  /** Mean luma, 0-255. */
  readonly brightness: number;
}

/** How the bundle did on a part of the images. */
export interface Slice extends CountedShare {
  /** What the images were parted by. */
  readonly by: "source" | "size" | "brightness";
  readonly name: string;
}

/** A smaller part tells nothing. */
const leastImages = 10;
const mostSources = 12;

/**
 * Top-1 accuracy by where images come from, by their size and by their brightness.
 * @param right whether each image was classified rightly
 * @returns parts of at least 10 images
 */
export function sliceAccuracy(facts: readonly ImageFacts[], right: readonly boolean[]): Slice[] {
  const sides = facts.map(({ width, height }) => Math.min(width, height));
  const brightness = facts.map((fact) => fact.brightness);
  const slice = (
    by: Slice["by"],
    nameOf: (index: number) => string,
    order: Iterable<number> = facts.keys(),
  ): Slice[] =>
    [...Map.groupBy(order, nameOf)]
      .filter(([, members]) => members.length >= leastImages)
      .map(([name, members]) => ({
        by,
        name,
        ...countedShare(members.filter((i) => right[i]).length, members.length),
      }));
  /** The least first. */
  const sliceThirds = (
    by: Slice["by"],
    values: readonly number[],
    describe: (third: string) => string,
  ): Slice[] => {
    const nameOf = thirds(values);
    const rising = [...values.keys()].toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
    return slice(by, (index) => describe(nameOf(index)), rising);
  };
  const sources = slice("source", (i) => facts[i]?.source || "not told").toSorted(
    (a, b) => b.images - a.images,
  );
  return [
    ...(sources.length > 1 ? sources.slice(0, mostSources) : []),
    ...sliceThirds("size", sides, (third) => `shorter side ${third} px`),
    ...sliceThirds("brightness", brightness, (third) => `mean brightness ${third}`),
  ];
}

/** Names the third that each value lies in; one part when the values hardly differ. */
function thirds(values: readonly number[]): (index: number) => string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  const [least, low, high, most] = [at(0), at(1 / 3), at(2 / 3), at(1)];
  return (index) => {
    const value = values[index] ?? 0;
    if (low === high) return `${least} to ${most}`;
    if (value <= low) return `${least} to ${low}`;
    return value <= high ? `above ${low} to ${high}` : `above ${high} to ${most}`;
  };
}
