/**
 * The source that an image's path tells of: its folder, and the stem of its name without the running number or time at
 * the end. Frames of one burst or film share it: `gate/IMG_0012.jpg` and `gate/IMG_0013.jpg` are both of `gate/IMG`.
 * @returns the folder alone for names that are a number only
 */
export function sourceOfPath(path: string): string {
  const { folder, stem } = partsOf(path);
  const name = stem.replace(/[\s._-]*\(?\d+\)?(?:[\s._-]+\d+)*$/i, "");
  return [folder, name].filter((part) => part !== "").join("/");
}

/** The source of an image inside its class folder, which is `""` where the names tell of none. */
export function sourceInClass(path: string, label: string): string {
  return sourceOfPath(pathInClass(path, label));
}

/** The folder below its class folder that an image lies in, `""` where it lies in that itself. */
export function folderInClass(path: string, label: string): string {
  return partsOf(pathInClass(path, label)).folder;
}

/** A name that counts: `visita_03_007.jpg` is number 7 of `visita_03_`. */
export interface NumberedName {
  /** Folder below the class folder and name up to the number. */
  readonly stem: string;
  readonly number: number;
}

/** Reads the running number at the end of a name; `null` where it has none, or nothing but one. */
export function numberedName(path: string, label: string): NumberedName | null {
  const { folder, stem } = partsOf(pathInClass(path, label));
  // More digits are no count, and no safe integer.
  const [, name = "", digits = ""] = /^(.*?)(\d{1,15})\)?$/.exec(stem) ?? [];
  if (digits === "" || (folder === "" && name === "")) return null;
  return { stem: folder === "" ? name : `${folder}/${name}`, number: Number(digits) };
}

/** A name that tells when: `gate/cam1_2026-01-31_23-59-59.jpg` is of `gate/cam1_`. */
export interface TimedName {
  /** Folder below the class folder and name up to the time. */
  readonly stem: string;
  /** Milliseconds since 1970 by the clock that named it. */
  readonly takenAt: number;
}

const timeInName =
  /^(.*?)(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_ T.]{0,2}([0-2]\d)[-_.]?([0-5]\d)[-_.]?([0-5]\d)/;

/** Reads the date and time in a name, to the second; `null` where it has none. */
export function timedName(path: string, label: string): TimedName | null {
  const { folder, stem } = partsOf(pathInClass(path, label));
  const [, name = "", ...parts] = timeInName.exec(stem) ?? [];
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  if (year === 0 || month === 0) return null;
  return { stem: folder === "" ? name : `${folder}/${name}`, takenAt: Date.UTC(year, month - 1, ...rest) };
}

/** What of a path lies below its class folder. */
function pathInClass(path: string, label: string): string {
  const start = `/${path}`.lastIndexOf(`/${label}/`);
  return start < 0 ? path : path.slice(start + label.length + 1);
}

function partsOf(path: string): { readonly folder: string; readonly stem: string } {
  const slash = path.lastIndexOf("/");
  return { folder: path.slice(0, Math.max(slash, 0)), stem: path.slice(slash + 1).replace(/\.[^.]*$/, "") };
}
