// The program of a drawing thread: draws and writes the pictures it is sent, and answers with their number.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { loadJpegEncoder } from "../../assets.ts";
import { encodeScene, scenePath, type SceneName } from "./scene-file.ts";

/** What is asked of a drawing thread. */
export interface DrawRequest {
  readonly root: string;
  readonly scenes: readonly SceneName[];
}

const encode = loadJpegEncoder();
const port = parentPort;

port?.on("message", ({ root, scenes }: DrawRequest) => {
  for (const scene of scenes) writeFileSync(join(root, scenePath(scene)), encodeScene(scene, encode));
  port.postMessage(scenes.length, []);
});
