import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { Adam } from "../../../trainer/training/adam.ts";
import { trainableWeights } from "../../../trainer/training/backward-pass.ts";
import { stream } from "../../../trainer/training/random.ts";
import { createStep, trainStep } from "../../../trainer/training/train-step.ts";
import { serveContender } from "../contender.ts";
import { buildMobileNet } from "../workloads/mobilenet.ts";
import { adamSettings, drawBatch, type TrainingWorkload } from "../workloads/training-batch.ts";

await serveContender<TrainingWorkload>(async (workload) => {
  const engine = await openEngine(workload.engine ?? "wasm");
  const model = buildMobileNet(workload);
  const optimizer = new Adam(engine, trainableWeights(model), 0);
  const classWeights = new Float64Array(workload.classes).fill(1);
  const context = createStep(model, engine, optimizer, { labelSmoothing: 0, classWeights });
  const batch = drawBatch(workload);
  const random = stream(1, "bench/dropout");
  return {
    label: `engine ${engine.name}`,
    run: () => Float32Array.of(trainStep(context, batch, adamSettings.learningRate, random)),
  };
});
