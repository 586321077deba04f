import { readFileSync } from "node:fs";
import sharp from "sharp";
import { serveContender } from "../contender.ts";
import { packageVersion } from "../package-version.ts";
import type { DecodeWorkload } from "./decode-workload.ts";

await serveContender<DecodeWorkload>(async ({ file, size }) => {
  const bytes = readFileSync(file);
  sharp.concurrency(1);
  sharp.cache(false);
  return {
    label: `sharp ${packageVersion("sharp")}, 1 thread, no cache`,
    // `linear` is the filter nearest to ours, and no slower than the default
    run: () =>
      sharp(bytes)
        .autoOrient()
        .resize(size, size, { fit: "fill", kernel: "linear" })
        .removeAlpha()
        .raw()
        .toBuffer(),
  };
});
