import { readFileSync } from "node:fs";
import { join } from "node:path";
import { backend, io, tidy, zeros } from "@tensorflow/tfjs-core";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { serveContender } from "../contender.ts";
import { packageVersion } from "../package-version.ts";
import type { HeapWorkload } from "../workloads/bundle-folder.ts";
import { openStockTfjs } from "./stock-tfjs.ts";

/** Bytes of WASM memory that stock tfjs has behind one inference of the same GraphModel in a fresh process. */
await serveContender<HeapWorkload>(async ({ folder, size }) => {
  await openStockTfjs();
  const modelJson: io.ModelJSON = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const shards = modelJson.weightsManifest.flatMap((group) => group.paths);
  const model = await loadGraphModel(
    io.fromMemory({
      modelTopology: modelJson.modelTopology,
      format: "graph-model",
      weightSpecs: modelJson.weightsManifest.flatMap((group) => group.weights),
      weightData: new Uint8Array(Buffer.concat(shards.map((path) => readFileSync(join(folder, path)))))
        .buffer,
    }),
  );
  return {
    label: `tfjs ${packageVersion("@tensorflow/tfjs-backend-wasm")} GraphModel, WASM backend`,
    run: () => {
      tidy(() =>
        [model.execute(zeros([1, size, size, 3]), "logits")].flat().forEach((tensor) => tensor.dataSync()),
      );
      // the backend that was just set, whose types leave out what emscripten adds
      const { wasm } = backend() as unknown as { readonly wasm: { readonly HEAPU8: Uint8Array } };
      return Float32Array.of(wasm.HEAPU8.length);
    },
  };
});
