import { openBundle } from "../../../shared/inference/bundle.ts";
import { createClassifier } from "../../../shared/inference/classifier.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { bundleSource } from "../../../trainer/release/assemble.ts";
import { serveContender } from "../contender.ts";
import { drawnPhoto } from "../workloads/drawn-photo.ts";
import { bundleMobileNet, type MobileNetWorkload } from "../workloads/mobilenet.ts";

await serveContender<MobileNetWorkload>(async (workload) => {
  await openInference();
  const bundle = await openBundle(bundleSource(await bundleMobileNet(workload)));
  const classifier = createClassifier(bundle, loadCodec());
  const photo = loadJpegEncoder()(drawnPhoto(640, 480, 1), 90);
  return {
    label: `shared/inference, ${classifier.engine}`,
    run: () => Float32Array.from(classifier.classify(photo).predictions, ({ probability }) => probability),
  };
});
