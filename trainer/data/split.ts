import { createHash } from "node:crypto";
import { splits, type Split } from "../../shared/contract/dataset.ts";
import { AppError } from "../../shared/contract/errors.ts";
import type { GivenSplit } from "./class-folders.ts";
import { groupNearDuplicates, type HashedImage } from "./near-duplicates.ts";

/** Share of the images that each split gets; they sum to 1. */
export type SplitShares = Readonly<Record<Split, number>>;

/** 60 % to fit weights, 10 % to choose, 10 % to fit the temperature, 20 % to report. */
export const defaultShares: SplitShares = { train: 0.6, validation: 0.1, calibration: 0.1, test: 0.2 };

/**
 * The shares with so much for training and so much to report; what is left is halved between validation and
 * calibration.
 * @param test half of what is not for training unless told
 * @throws {AppError} invalid_argument where nothing would be left
 */
export function sharesFor(train = defaultShares.train, test = (1 - train) / 2): SplitShares {
  const half = (1 - train - test) / 2;
  if (half <= 0) {
    throw new AppError(
      "invalid_argument",
      `${train} of the images for training and ${test} for the test leave none to choose and calibrate by; ` +
        "the two must sum to less than 1",
    );
  }
  return { train, validation: half, calibration: half, test };
}

/** An image as splitting sees it. */
export interface SplittableImage extends HashedImage {
  readonly label: string;
  /** The split whose folder it lies in, `null` where the dataset has no such folders. */
  readonly givenSplit: GivenSplit | null;
  /** What else it is of one source with; see `findSources`. */
  readonly source?: string | undefined;
}

/** Options of {@link assignSplits}. */
export interface SplitOptions {
  readonly shares?: SplitShares | undefined;
  /** Splits of an earlier version of the dataset by SHA-256 of the image; those images stay where they were. */
  readonly previous?: ReadonlyMap<string, Split> | undefined;
}

/**
 * Gives every image its split.
 *
 * An image is placed by its own bytes: its SHA-256, read as a number in [0, 1), falls into the share of a split. So a
 * split is a fair draw from every class, the same on every machine, and an image stays in it when others are added.
 * Equal and nearly equal images are placed as one, and so are those of one source, by the hash of its name: what is
 * added to a source goes where it lies. Two things outrank the draw: a split that the dataset's own folders give, and that
 * every class has at least half its share in every split, counted in what is placed as one, where those that lie closest
 * are lent. Only what is lent, or gets a near-duplicate, can move when others are added; `previous` keeps these as well.
 * @returns the split of each image, in the order of `images`
 * @throws {AppError} invalid_argument for shares that are negative or do not sum to 1
 */
export function assignSplits(images: readonly SplittableImage[], options: SplitOptions = {}): Split[] {
  const shares = options.shares ?? defaultShares;
  checkShares(shares);
  const open = openSplits(images);
  const intervals = shareIntervals(shares, open);
  const sources = images.map(({ source }) => source);
  const groups = groupNearDuplicates(images, sources).map((members) =>
    placeGroup(images, members, intervals, options.previous),
  );
  fillSmallSplits(groups, intervals);

  const assigned = images.map((): Split => "train");
  for (const group of groups) {
    for (const member of group.members) {
      assigned[member] = options.previous?.get(images[member]?.sha256 ?? "") ?? group.split;
    }
  }
  return assigned;
}

interface Group {
  readonly members: readonly number[];
  /** Of one class, unless a picture or a source has two. */
  readonly labels: readonly string[];
  /** Where the draw puts it, in [0, 1). */
  readonly position: number;
  split: Split;
  /** Whether something other than the draw put it there. */
  readonly isPinned: boolean;
}

interface Interval {
  readonly split: Split;
  readonly start: number;
  readonly end: number;
}

/** The splits that the draw may give: all, but those the dataset has folders of its own for. */
function openSplits(images: readonly SplittableImage[]): Split[] {
  const given = new Set<Split | null>(images.map((image) => image.givenSplit));
  return splits.filter((split) => split === "train" || !given.has(split));
}

/** Cuts [0, 1) into the shares of the open splits, train last. */
function shareIntervals(shares: SplitShares, open: readonly Split[]): Interval[] {
  const total = open.reduce((sum, split) => sum + shares[split], 0);
  let start = 0;
  return open.toReversed().map((split) => {
    const end = split === "train" ? 1 : start + shares[split] / total;
    const interval = { split, start, end };
    start = end;
    return interval;
  });
}

function placeGroup(
  images: readonly SplittableImage[],
  members: readonly number[],
  intervals: readonly Interval[],
  previous: ReadonlyMap<string, Split> | undefined,
): Group {
  const sorted = members
    .flatMap((member) => images[member] ?? [])
    .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  const position = sorted.reduce((least, image) => Math.min(least, positionOf(image)), 1);
  const pinned =
    sorted.map((image) => previous?.get(image.sha256)).find((split) => split !== undefined) ??
    (["test", "validation"] as const).find((split) => sorted.some((image) => image.givenSplit === split));
  const drawn = intervals.find((interval) => position < interval.end)?.split ?? "train";
  return {
    members,
    labels: [...new Set(sorted.map(({ label }) => label))],
    position,
    split: pinned ?? drawn,
    isPinned: pinned !== undefined,
  };
}

/** Where its bytes, or the name of its source, put an image. */
function positionOf({ sha256, source }: SplittableImage): number {
  const hash = source === undefined ? sha256 : createHash("sha256").update(source).digest("hex");
  // 52 bits: what a double holds exactly.
  return Number.parseInt(hash.slice(0, 13), 16) / 2 ** 52;
}

/** What a class with few pictures has to have first. */
const urgency: readonly Split[] = ["train", "test", "validation", "calibration"];

/** The groups of one class, counted as they move. */
interface ClassGroups {
  readonly groups: readonly Group[];
  readonly counts: Map<Split, number>;
  /** Those that the draw may place; those in a split that the folders give count for no share. */
  readonly drawn: number;
  /** The splits that it has to be in. */
  readonly wanted: ReadonlySet<Split>;
}

/** Lends groups, class by class, to splits that have less than half their share of it, at no other class's cost. */
function fillSmallSplits(groups: readonly Group[], intervals: readonly Interval[]): void {
  const classes = countClasses(groups, intervals);
  const movable = (ofClass: ClassGroups, from: Interval): Group[] =>
    ofClass.groups.filter(
      (group) =>
        group.split === from.split &&
        !group.isPinned &&
        group.labels.every((label) => {
          const other = classes.get(label);
          return other !== undefined && countIn(other, from) > leastIn(other, from);
        }),
    );

  for (const [, ofClass] of [...classes].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const surplus = (interval: Interval): number => countIn(ofClass, interval) - shareIn(ofClass, interval);
    for (const interval of intervals.toSorted(byUrgency)) {
      while (countIn(ofClass, interval) < leastIn(ofClass, interval)) {
        const [candidates] = intervals
          .toSorted((a, b) => surplus(b) - surplus(a))
          .map((lender) => movable(ofClass, lender))
          .filter((lendable) => lendable.length > 0);
        const [lent] = (candidates ?? []).toSorted(
          (a, b) => distanceTo(interval, a) - distanceTo(interval, b) || a.position - b.position,
        );
        if (lent === undefined) break;
        move(lent, interval.split, classes);
      }
    }
  }
}

function countClasses(groups: readonly Group[], intervals: readonly Interval[]): Map<string, ClassGroups> {
  const open = urgency.filter((split) => intervals.some((interval) => interval.split === split));
  const pairs = groups.flatMap((group) => group.labels.map((label) => ({ label, group })));
  const classes = [...Map.groupBy(pairs, ({ label }) => label)].map(([label, own]) => {
    const ofClass = own.map(({ group }) => group);
    const counts = new Map(
      splits.map((split) => [split, ofClass.filter((group) => group.split === split).length]),
    );
    const drawn = open.reduce((sum, split) => sum + (counts.get(split) ?? 0), 0);
    return [label, { groups: ofClass, counts, drawn, wanted: new Set(open.slice(0, drawn)) }] as const;
  });
  return new Map(classes);
}

function countIn({ counts }: ClassGroups, { split }: Interval): number {
  return counts.get(split) ?? 0;
}

function shareIn({ drawn }: ClassGroups, { start, end }: Interval): number {
  return (end - start) * drawn;
}

function leastIn(ofClass: ClassGroups, interval: Interval): number {
  return ofClass.wanted.has(interval.split) ? Math.max(1, Math.round(shareIn(ofClass, interval) / 2)) : 0;
}

function move(group: Group, to: Split, classes: ReadonlyMap<string, ClassGroups>): void {
  for (const label of group.labels) {
    const counts = classes.get(label)?.counts;
    counts?.set(group.split, (counts.get(group.split) ?? 0) - 1);
    counts?.set(to, (counts.get(to) ?? 0) + 1);
  }
  group.split = to;
}

function byUrgency(a: Interval, b: Interval): number {
  return urgency.indexOf(a.split) - urgency.indexOf(b.split);
}

function distanceTo(interval: Interval, group: Group): number {
  return Math.max(interval.start - group.position, group.position - interval.end, 0);
}

function checkShares(shares: SplitShares): void {
  const values = splits.map((split) => shares[split]);
  const sum = values.reduce((all, share) => all + share, 0);
  if (values.every((share) => share >= 0) && shares.train > 0 && Math.abs(sum - 1) < 1e-9) return;
  throw new AppError(
    "invalid_argument",
    `split shares are ${values.join(", ")} (${splits.join(", ")}); they are at least 0, train above 0, and sum to 1`,
  );
}
