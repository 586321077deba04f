// One of the threads of gradient-threads.ts: computes parts of batches by a replica of the model.
import { parentPort, workerData } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { openWasmEngine } from "../engine/wasm-engine.ts";
import { sizeOf, trainableWeights } from "./backward-pass.ts";
import { createPartGradients } from "./batch-parts.ts";
import type { ThreadStart, ThreadTask } from "./gradient-threads.ts";
import { writeWeights } from "./weights.ts";

// gradient-threads.ts starts this with nothing else
const { topology, train, inputSpec, config, weights, rows } = workerData as ThreadStart;
const engine = await openWasmEngine();
const model = await tfl.loadLayersModel(tf.io.fromMemory({ modelTopology: topology }));
const trainable = { weights: trainableWeights(model) };
const lengths = trainable.weights.map(sizeOf);
const gradients = createPartGradients({ engine, model, train, inputSpec }, config);

parentPort?.on("message", (task: ThreadTask) => {
  let offset = 0;
  const values = lengths.map((length) => weights.slice(offset, (offset += length)));
  writeWeights(trainable, values);
  for (const { part, row } of task) gradients.run(part, rows[row] as Float32Array);
  parentPort?.postMessage("done", []);
});
