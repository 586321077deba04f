/** Names that operating systems and tools leave in folders; they are nobody's images. */
const junkNames = new Set(["__macosx", "thumbs.db", "desktop.ini", "ehthumbs.db", "@eadir", "$recycle.bin"]);

/** Whether a file or folder of this name is left out without a word: hidden ones and system litter. */
export function isJunk(name: string): boolean {
  return name.startsWith(".") || junkNames.has(name.toLowerCase());
}
