import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadJpegEncoder } from "../../../trainer/assets.ts";
import type { Output } from "../contender.ts";
import { startContender } from "../contender-process.ts";
import { duel } from "../duel.ts";
import type { Suite } from "../suite.ts";
import { drawnPhoto } from "../workloads/drawn-photo.ts";

const size = 224;
const images = [
  { name: "jpeg-12mp", width: 4000, height: 3000, progressive: false },
  { name: "jpeg-12mp-progressive", width: 4000, height: 3000, progressive: true },
  { name: "jpeg-1080p", width: 1920, height: 1080, progressive: false },
  { name: "jpeg-640x480", width: 640, height: 480, progressive: false },
] as const;

/** A JPEG's bytes to 224x224 RGB: our codec, native sharp, and the WASM codec that Workers usually take. */
export const decodeSuite: Suite = async ({ folder, report, note }) => {
  const encode = loadJpegEncoder();
  for (const [seed, { name, width, height, progressive }] of images.entries()) {
    const bytes = encode(drawnPhoto(width, height, seed), 90, { progressive });
    const file = join(folder, `${name}.jpg`);
    writeFileSync(file, bytes);
    const workload = { file, size };
    const standings = await duel(
      [
        { name: "ours", module: "decode-ours.ts", workload },
        { name: "sharp", module: "decode-sharp.ts", workload },
        { name: "jsquash", module: "decode-jsquash.ts", workload },
      ],
      { rounds: 12, blockMs: 150, warmUpRuns: width > 1000 ? 12 : 60, distance: meanPixelDistance },
    );
    report({
      name,
      workload: `${width}x${height}, ${(bytes.length / 1e6).toFixed(2)} MB, to ${size}x${size}`,
      standings,
    });
    if (width < 4000) continue;
    const memory = await startContender({ name: "memory", module: "decode-memory.ts", workload });
    memory.stop();
    note({
      name: `${name}/megabytes`,
      value: (memory.output[0] ?? Number.NaN) / 1e6,
      meaning: "MB that the codec takes for it, the file included",
    });
  }
};

/** Decoders round and filter differently, so they are compared by the mean difference of a level. */
function meanPixelDistance(ours: Output, theirs: Output): string {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} and ${theirs.length} bytes of pixels`);
  let sum = 0;
  for (let i = 0; i < ours.length; i++) sum += Math.abs((ours[i] as number) - (theirs[i] as number));
  const mean = sum / ours.length;
  if (!(mean < 4)) throw new Error(`the decoders disagree by ${mean.toFixed(1)} levels on average`);
  return `mean difference ${mean.toFixed(2)} of 255`;
}
