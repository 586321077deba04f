import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { Adam } from "../../../trainer/training/adam.ts";
import { createForwardPass } from "../../../trainer/training/forward-pass.ts";
import { stream } from "../../../trainer/training/random.ts";
import { trainableWeights, trainStep } from "../../../trainer/training/train-step.ts";
import { serveContender } from "../contender.ts";
import { buildMobileNet } from "../workloads/mobilenet.ts";
import { adamSettings, drawBatch, type TrainingWorkload } from "../workloads/training-batch.ts";

await serveContender<TrainingWorkload>(async (workload) => {
  const engine = await openEngine("wasm");
  const model = buildMobileNet(workload);
  const forward = createForwardPass(model, engine);
  const optimizer = new Adam(engine, trainableWeights(model), 0);
  const classWeights = new Float64Array(workload.classes).fill(1);
  const context = { model, forward, optimizer, labelSmoothing: 0, classWeights };
  const batch = drawBatch(workload);
  const random = stream(1, "bench/dropout");
  return {
    label: "engine wasm",
    run: () => Float32Array.of(trainStep(context, batch, adamSettings.learningRate, random)),
  };
});
