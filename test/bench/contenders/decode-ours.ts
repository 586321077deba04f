import { readFileSync } from "node:fs";
import { loadCodec } from "../../../trainer/assets.ts";
import { serveContender } from "../contender.ts";
import type { DecodeWorkload } from "./decode-workload.ts";

await serveContender<DecodeWorkload>(async ({ file, size }) => {
  const bytes = readFileSync(file);
  const codec = loadCodec();
  const spec = {
    width: size,
    height: size,
    fit: "stretch",
    cropFraction: 1,
    filter: "triangle",
    background: [0, 0, 0] as [number, number, number],
    denoise: "none",
  } as const;
  return { label: "codec.wasm", run: () => codec.decode(bytes, spec).image.data };
});
