import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClassifier } from "../../../shared/inference/classifier.ts";
import { openBundle } from "../../../shared/inference/bundle.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { serveContender } from "../contender.ts";
import type { HeapWorkload } from "../workloads/bundle-folder.ts";

/** Bytes of WASM memory that a fresh process has behind one inference. */
await serveContender<HeapWorkload>(async ({ folder, size }) => {
  const backend = await openInference();
  const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(folder, path)));
  const source = { manifest: read("manifest.json"), readFile: (path: string) => Promise.resolve(read(path)) };
  const classifier = createClassifier(await openBundle(source), loadCodec());
  return {
    label: "shared/inference on a bundle",
    run: () => {
      classifier.infer(new Float32Array(size * size * 3));
      return Float32Array.of(backend.memoryBytes);
    },
  };
});
