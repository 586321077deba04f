import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loadJpegEncoder } from "../../../trainer/assets.ts";
import { drawScene, type SceneLabel } from "../../../trainer/data/sample/draw-scene.ts";

const encode = loadJpegEncoder();

/** Bytes of a drawn scene as JPEG, 160x120 px. */
export function sceneJpeg(label: SceneLabel, index: number): Uint8Array {
  return encode(drawScene(3, label, index), 80);
}

/** Writes files below a folder, making the folders on the way. */
export async function writeFiles(
  root: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** Files of a dataset of two classes with that many drawn images each. */
export function twoClasses(imagesEach: number): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < imagesEach; i += 1) {
    files[`person/${i}.jpg`] = sceneJpeg("person", i);
    files[`vehicle/${i}.jpg`] = sceneJpeg("vehicle", i);
  }
  return files;
}
