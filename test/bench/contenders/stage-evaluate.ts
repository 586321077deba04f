import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { predictLogits } from "../../../trainer/training/validate.ts";
import { serveContender } from "../contender.ts";
import { buildMobileNet, type MobileNetWorkload } from "../workloads/mobilenet.ts";

/** Images of a batch of validation. */
const count = 64;

await serveContender<MobileNetWorkload>(async (workload) => {
  await openEngine("wasm");
  const model = buildMobileNet(workload);
  const { size, classes } = workload;
  const images = new Uint8Array(count * size * size * 3).map((_, at) => at % 251);
  const set = { width: size, height: size, images, labels: new Int32Array(count), classes, paths: [] };
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
  return {
    label: "the net in training's form, batches of 64",
    run: () => predictLogits(model, set, { mean: [...normalization.mean], std: [...normalization.std] }),
  };
});
