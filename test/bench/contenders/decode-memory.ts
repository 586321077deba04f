import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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
  const before = heldBytes();
  return {
    label: "bytes",
    run: () => {
      codec.decode(bytes, spec);
      return Float32Array.of(heldBytes() - before);
    },
  };
});

/** Bytes outside JavaScript's heap, WebAssembly's memory among them, the garbage collected. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().external;
}
