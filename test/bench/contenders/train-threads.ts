import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { createImageLearner } from "../../../trainer/training/image-learner.ts";
import { planTraining } from "../../../trainer/training/defaults.ts";
import { stream } from "../../../trainer/training/random.ts";
import { serveContender } from "../contender.ts";
import { buildMobileNet } from "../workloads/mobilenet.ts";
import { adamSettings, type TrainingWorkload } from "../workloads/training-batch.ts";

await serveContender<TrainingWorkload>(async ({ batchSize, workers = 1, ...net }) => {
  const engine = await openEngine("wasm");
  const random = stream(1, "bench/images");
  const images = Uint8Array.from({ length: batchSize * net.size * net.size * 3 }, () => random.integer(256));
  const labels = Int32Array.from({ length: batchSize }, (_, image) => image % net.classes);
  const set = { width: net.size, height: net.size, images, labels, classes: net.classes, paths: [] };
  const inputSpec = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
  const { training: config } = planTraining({ images: [] }, { epochs: 1, batchSize }, 1);
  const model = buildMobileNet(net);
  const learner = createImageLearner(
    {
      engine,
      model,
      train: set,
      validation: set,
      inputSpec: { mean: [...inputSpec.mean], std: [...inputSpec.std] },
      config,
      workers,
    },
    config,
  );
  const indices = Int32Array.from(labels.keys());
  return {
    label: `engine wasm, ${workers === 1 ? "one thread" : `${workers} threads`}, with augmentation`,
    run: async () => Float32Array.of(await learner.step(indices, "0/0", adamSettings.learningRate)),
  };
});
