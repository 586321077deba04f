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
 * Equal and nearly equal images are placed as one. Two things outrank the draw: a split that the dataset's own folders
 * give, and that every class has at least half its share in every split, where the images that lie closest are lent.
 * Only a lent image, or one that gets a near-duplicate, can move when others are added; `previous` keeps these as well.
 * @returns the split of each image, in the order of `images`
 * @throws {AppError} invalid_argument for shares that are negative or do not sum to 1
 */
export function assignSplits(images: readonly SplittableImage[], options: SplitOptions = {}): Split[] {
  const shares = options.shares ?? defaultShares;
  checkShares(shares);
  const open = openSplits(images);
  const intervals = shareIntervals(shares, open);
  const groups = groupNearDuplicates(images).map((members) =>
    placeGroup(images, members, intervals, options.previous),
  );
  const byLabel = Map.groupBy(groups, (group) => group.label);
  for (const ofLabel of byLabel.values()) fillSmallSplits(ofLabel, intervals);

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
  readonly label: string;
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
  const [first] = sorted;
  // 52 bits: what a double holds exactly.
  const position = Number.parseInt(first?.sha256.slice(0, 13) ?? "0", 16) / 2 ** 52;
  const pinned =
    sorted.map((image) => previous?.get(image.sha256)).find((split) => split !== undefined) ??
    (["test", "validation"] as const).find((split) => sorted.some((image) => image.givenSplit === split));
  const drawn = intervals.find((interval) => position < interval.end)?.split ?? "train";
  return {
    members,
    label: first?.label ?? "",
    position,
    split: pinned ?? drawn,
    isPinned: pinned !== undefined,
  };
}

/** What a class with few pictures has to have first. */
const urgency: readonly Split[] = ["train", "test", "validation", "calibration"];

function fillSmallSplits(groups: readonly Group[], intervals: readonly Interval[]): void {
  // Those in a split that the folders give are beyond the draw: they count for no share.
  const drawn = groups.filter((group) => intervals.some(({ split }) => split === group.split));
  const open = urgency.filter((split) => intervals.some((interval) => interval.split === split));
  const wanted = new Set(open.slice(0, drawn.length));
  const count = (split: Split): number => groups.filter((group) => group.split === split).length;
  const expected = ({ start, end }: Interval): number => (end - start) * drawn.length;
  const minimum = (interval: Interval): number =>
    wanted.has(interval.split) ? Math.max(1, Math.round(expected(interval) / 2)) : 0;
  const surplus = (interval: Interval): number => count(interval.split) - expected(interval);

  for (const interval of intervals.toSorted(byUrgency)) {
    while (count(interval.split) < minimum(interval)) {
      const [lender] = intervals
        .filter((other) => count(other.split) > minimum(other) && movable(groups, other.split).length > 0)
        .toSorted((a, b) => surplus(b) - surplus(a));
      if (lender === undefined) break;
      const [lent] = movable(groups, lender.split).toSorted(
        (a, b) => distanceTo(interval, a) - distanceTo(interval, b) || a.position - b.position,
      );
      if (lent !== undefined) lent.split = interval.split;
    }
  }
}

function byUrgency(a: Interval, b: Interval): number {
  return urgency.indexOf(a.split) - urgency.indexOf(b.split);
}

function movable(groups: readonly Group[], split: Split): Group[] {
  return groups.filter((group) => group.split === split && !group.isPinned);
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
