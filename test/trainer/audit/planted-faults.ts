import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { createRandom } from "../release/random.ts";

const codec = loadCodec();
const encode = loadJpegEncoder();

/** A dataset in memory: bytes by path `label/name.jpg`. */
export type Files = Map<string, Uint8Array>;

/** Moves a share of the files to another class, drawn by a seed. @returns the new paths of those */
export function flipLabels(files: Files, share: number, seed: number): Set<string> {
  const random = createRandom(seed);
  const labels = [...new Set([...files.keys()].map((path) => dirname(path)))];
  const flipped = new Set<string>();
  const wanted = Math.round(share * files.size);
  while (flipped.size < wanted) {
    const path = random.pick([...files.keys()].filter((key) => !flipped.has(key)));
    const [label = "", name = ""] = path.split("/");
    const to = `${random.pick(labels.filter((other) => other !== label))}/flipped-${label}-${name}`;
    files.set(to, files.get(path) ?? new Uint8Array());
    files.delete(path);
    flipped.add(to);
  }
  return flipped;
}

/** A copy of an image at another size and quality, as it passes through a messenger. */
export function recompressed(bytes: Uint8Array, scale: number, quality: number): Uint8Array {
  const spec = {
    fit: "stretch" as const,
    cropFraction: 1,
    filter: "triangle" as const,
    background: [0, 0, 0] as [number, number, number],
    denoise: "none" as const,
  };
  const { width, height } = codec.decode(bytes, { ...spec, width: 16, height: 16 });
  const side = (pixels: number): number => Math.max(8, Math.min(1024, Math.round(pixels * scale)));
  return encode(codec.decode(bytes, { ...spec, width: side(width), height: side(height) }).image, quality);
}

/** A file that is no image any more, in one of several ways. */
export function corrupted(bytes: Uint8Array, kind: number): Uint8Array {
  if (kind % 4 === 0) return bytes.slice(0, 40);
  if (kind % 4 === 1) return new TextEncoder().encode("<html>404 not found</html>");
  if (kind % 4 === 2) return new Uint8Array(bytes.length);
  const broken = bytes.slice();
  broken.fill(0, 2, Math.floor(broken.length / 2));
  return broken;
}

/** Writes a dataset to a folder. */
export async function writeDataset(root: string, files: Files): Promise<void> {
  for (const folder of new Set([...files.keys()].map((path) => dirname(join(root, path))))) {
    await mkdir(folder, { recursive: true });
  }
  for (const [path, bytes] of files) await writeFile(join(root, path), bytes);
}
