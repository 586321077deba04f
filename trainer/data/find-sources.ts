import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { compareKeys } from "../../shared/store/object-key.ts";
import { folderInClass, type NumberedName, numberedName, timedName } from "./image-source.ts";

/** By what images can be of one source; anything else is a regular expression. */
export const groupings = ["none", "folder", "sequence", "camera"] as const;

/** A file whose source is asked for. */
export interface SourcedFile {
  readonly path: string;
  readonly label: string;
  /** Maker and model, where the metadata were read. */
  readonly camera?: string | null;
  /** Milliseconds since 1970 by the camera's clock, where the metadata were read. */
  readonly takenAt?: number | null;
}

/** Images that are of one place, thing or moment: a net that saw some of them knows the others. */
export interface Source<File extends SourcedFile = SourcedFile> {
  /** The same whatever is added to it at its end. */
  readonly name: string;
  readonly members: readonly File[];
}

/** Shots of one camera that are this close in time follow each other, in milliseconds. */
const burstGapMs = 10_000;
/** Numbers of names that are this close follow each other: some frames of a film are left out, or deleted. */
const numberGap = 5;
/** After so many images a sequence is cut: a camera that never stops would else be one source, and in one split. */
export const longestSequence = 100;

/**
 * The sources of images, by one of {@link groupings} or by a regular expression on the path, whose group names the source.
 *
 * - `folder`: the folder below the class folder.
 * - `sequence`: shots that follow each other, by the times of the metadata or of the names, else by numbers at the end of
 *   names that are alike before them. A name that is a number alone, in no folder of its own, belongs to none.
 * - `camera`: maker and model, by the metadata.
 * @returns every image in one of them at most
 * @throws {AppError} invalid_argument for what is no grouping, and for an expression that no path matches
 */
export function findSources<File extends SourcedFile>(
  files: readonly File[],
  groupBy: string,
): Source<File>[] {
  switch (groupBy) {
    case "none":
      return [];
    case "sequence":
      return findSequences(files);
    case "folder":
      return collect(files, ({ path, label }) => {
        const folder = folderInClass(path, label);
        return folder === "" ? null : `${label}/${folder}`;
      });
    case "camera":
      return collect(files, ({ camera }) => camera ?? null);
    default:
      return findMatches(files, groupBy);
  }
}

/** The name of the source of each image, by its path, where it is of one; see {@link findSources}. */
export function nameSources(files: readonly SourcedFile[], groupBy: string): Map<string, string> {
  return new Map(
    findSources(files, groupBy).flatMap(({ name, members }) => members.map(({ path }) => [path, name])),
  );
}

/** Whether the metadata of the files tell sources of this kind. */
export function needsMetadata(groupBy: string): boolean {
  return groupBy === "sequence" || groupBy === "camera";
}

/** Reads what {@link findSources} groups by. @throws {AppError} invalid_argument naming what is allowed */
export function parseGroupBy(text: string): string {
  if (!(groupings as readonly string[]).includes(text)) readPattern(text);
  return text;
}

/** @throws {AppError} invalid_argument for what is no expression with one group */
function readPattern(text: string): RegExp {
  const allowed = `use ${groupings.join(", ")} or a regular expression on the path with one group, such as "(plant\\d+)"`;
  try {
    const groups = (new RegExp(`${text}|`).exec("")?.length ?? 1) - 1;
    if (groups === 1) return new RegExp(text);
    throw new AppError(
      "invalid_argument",
      `images cannot be grouped by "${text}", an expression of ${groups} groups; ${allowed}`,
    );
  } catch (cause) {
    if (isAppError(cause)) throw cause;
    throw new AppError("invalid_argument", `images cannot be grouped by "${text}"; ${allowed}`, { cause });
  }
}

function findMatches<File extends SourcedFile>(files: readonly File[], text: string): Source<File>[] {
  const pattern = readPattern(text);
  const found = collect(files, ({ path }) => pattern.exec(path)?.[1] ?? null);
  if (found.length > 0 || files.length === 0) return found;
  throw new AppError(
    "invalid_argument",
    `images are to be grouped by "${text}", which none of ${files.length} paths matches, such as ${files[0]?.path}; ` +
      "write the expression for paths like that",
  );
}

/** Gathers the files of one name; those without, or with an empty one, are of no source. */
function collect<File extends SourcedFile>(
  files: readonly File[],
  nameOf: (file: File) => string | null,
): Source<File>[] {
  const named = files.flatMap((file) => {
    const name = nameOf(file);
    return name === null || name === "" ? [] : [{ name, file }];
  });
  return [...Map.groupBy(named, ({ name }) => name)].map(([name, members]) => ({
    name,
    members: members.map(({ file }) => file),
  }));
}

/** A file in a series that counts or tells the time. */
interface Shot<File> {
  readonly file: File;
  readonly series: string;
  /** Time in milliseconds, or number. */
  readonly at: number;
  /** Most between it and the shot before. */
  readonly gap: number;
  /** What a sequence is called that begins with it. */
  readonly name: string;
}

function findSequences<File extends SourcedFile>(files: readonly File[]): Source<File>[] {
  const shots = files.flatMap((file) => shotOf(file) ?? []);
  return [...Map.groupBy(shots, ({ series }) => series).values()]
    .flatMap(cutSeries)
    .flatMap(([first, ...others]) =>
      // A shot alone is placed by its bytes, as any image.
      first === undefined || others.length === 0
        ? []
        : [{ name: first.name, members: [first, ...others].map(({ file }) => file) }],
    );
}

/** The number that a file is told by; `null` where it has none, or a time, which outranks it: numbers go on after days. */
export function countingName({ path, label, takenAt }: SourcedFile): NumberedName | null {
  const isDated = (takenAt !== undefined && takenAt !== null) || timedName(path, label) !== null;
  return isDated ? null : numberedName(path, label);
}

/** A time is of all classes, since a camera is; a number is of one, since classes are often numbered each from 1. */
function shotOf<File extends SourcedFile>(file: File): Shot<File> | null {
  const { path, label, camera, takenAt } = file;
  if (takenAt !== undefined && takenAt !== null) {
    return timedShot(file, camera ?? "unknown camera", takenAt);
  }
  const timed = timedName(path, label);
  if (timed !== null) return timedShot(file, `${timed.stem}*`, timed.takenAt);
  const numbered = countingName(file);
  if (numbered === null) return null;
  const { stem, number } = numbered;
  const series = `${label}/${stem}`;
  return { file, series, at: number, gap: numberGap, name: `${series}${number}` };
}

function timedShot<File>(file: File, series: string, at: number): Shot<File> {
  return { file, series, at, gap: burstGapMs, name: `${series} ${new Date(at).toISOString()}` };
}

function cutSeries<File extends SourcedFile>(shots: readonly Shot<File>[]): Shot<File>[][] {
  const runs: Shot<File>[][] = [];
  let last = -Infinity;
  for (const shot of shots.toSorted((a, b) => a.at - b.at || compareKeys(a.file.path, b.file.path))) {
    const run = runs.at(-1);
    if (run === undefined || shot.at - last > shot.gap || run.length >= longestSequence) runs.push([shot]);
    else run.push(shot);
    last = shot.at;
  }
  return runs;
}
