import { createClassifier } from "../../../shared/inference/classifier.ts";
import { openBundle } from "../../../shared/inference/bundle.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { bundleSource } from "../../../trainer/release/assemble.ts";
import { serveContender } from "../contender.ts";
import { bundleMobileNet, drawInput, type MobileNetWorkload } from "../workloads/mobilenet.ts";

await serveContender<MobileNetWorkload>(async (workload) => {
  await openInference();
  const bundle = await openBundle(bundleSource(await bundleMobileNet(workload)));
  const classifier = createClassifier(bundle, loadCodec());
  const image = drawInput(workload);
  return { label: "shared/inference on a bundle", run: () => classifier.infer(image).logits };
});
