import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRange } from "../../../trainer/data/file-tree.ts";
import { openFileTree } from "../../../trainer/data/open-file-tree.ts";

/** Where public photos and models lie, which are never committed. */
export const publicData: string = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));

/** Whether they are there. */
export const hasPublicData: boolean = existsSync(join(publicData, "photos.tar.gz"));

/** A photo and the name of its ImageNet class. */
export interface Photo {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/** 100 photos, each named after its class. */
export function readPhotos(): Promise<Photo[]> {
  return readArchive("photos.tar.gz", (path) => /n\d{8}_(.+)\.JPEG$/.exec(path)?.[1]?.replaceAll("_", " "));
}

/** 244 photos of ants and bees, which ImageNet knows as well. */
export async function readAntsAndBees(): Promise<Photo[]> {
  const photos = await readArchive(
    "hymenoptera-train.tar.gz",
    (path) => /\/(ant|bee)s\/[^/]+$/.exec(path)?.[1],
  );
  // one file is a GIF
  return photos.filter(({ bytes }) => bytes[0] === 0xff);
}

/** Whether a label, a list of synonyms as "tiger shark, Galeocerdo cuvieri", begins with a photo's name. */
export function isLabelOf({ name }: Photo, label: string | undefined): boolean {
  return label?.split(/, | \(class/)[0] === name;
}

async function readArchive(file: string, nameOf: (path: string) => string | undefined): Promise<Photo[]> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-photos-"));
  try {
    const { files } = await openFileTree(join(publicData, file), folder);
    const photos: Photo[] = [];
    for (const { path, range } of files) {
      const name = nameOf(path);
      if (name !== undefined) photos.push({ bytes: await readRange(range), name });
    }
    return photos;
  } finally {
    await rm(folder, { recursive: true });
  }
}
