/**
 * The source that an image's path tells of: its folder, and the stem of its name without the running number or time at
 * the end. Frames of one burst or film share it: `gate/IMG_0012.jpg` and `gate/IMG_0013.jpg` are both of `gate/IMG`.
 * @returns the folder alone for names that are a number only
 */
export function sourceOfPath(path: string): string {
  const slash = path.lastIndexOf("/");
  const folder = path.slice(0, Math.max(slash, 0));
  const stem = path.slice(slash + 1).replace(/\.[^.]*$/, "");
  const name = stem.replace(/[\s._-]*\(?\d+\)?(?:[\s._-]+\d+)*$/i, "");
  return [folder, name].filter((part) => part !== "").join("/");
}

/** The source of an image inside its class folder, which is `""` where the names tell of none. */
export function sourceInClass(path: string, label: string): string {
  const start = path.lastIndexOf(`${label}/`);
  return sourceOfPath(start < 0 ? path : path.slice(start + label.length + 1));
}
