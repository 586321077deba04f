import { losses, oneHot, setBackend, type Tensor, tensor, train } from "@tensorflow/tfjs-core";
// oxlint-disable-next-line import/no-unassigned-import -- registers the pure JavaScript backend
import "@tensorflow/tfjs-backend-cpu";
import { serveContender } from "../contender.ts";
import { packageVersion } from "../package-version.ts";
import { buildMobileNet } from "../workloads/mobilenet.ts";
import { adamSettings, drawBatch, type TrainingWorkload } from "../workloads/training-batch.ts";

await serveContender<TrainingWorkload>(async (workload) => {
  if (!(await setBackend("cpu"))) throw new Error("the tfjs CPU backend does not start");
  const { batchSize, size, classes } = workload;
  const { learningRate, beta1, beta2, epsilon } = adamSettings;
  const model = buildMobileNet(workload);
  model.compile({
    optimizer: train.adam(learningRate, beta1, beta2, epsilon),
    loss: (targets: Tensor, logits: Tensor) => losses.softmaxCrossEntropy(targets, logits),
  });
  const batch = drawBatch(workload);
  const images = tensor(batch.nhwc, [batchSize, size, size, 3]);
  const targets = oneHot(batch.labels, classes, 1, 0, "float32");
  return {
    label: `tfjs ${packageVersion("@tensorflow/tfjs-backend-cpu")} LayersModel.trainOnBatch, pure JavaScript`,
    run: async () => Float32Array.of(Number(await model.trainOnBatch(images, targets))),
  };
});
