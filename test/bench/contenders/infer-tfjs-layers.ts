import { tensor, tidy } from "@tensorflow/tfjs-core";
import { serveContender } from "../contender.ts";
import { packageVersion } from "../package-version.ts";
import { buildMobileNet, drawInput, type MobileNetWorkload } from "../workloads/mobilenet.ts";
import { openStockTfjs } from "./stock-tfjs.ts";

await serveContender<MobileNetWorkload>(async (workload) => {
  await openStockTfjs();
  const { size } = workload;
  const model = buildMobileNet(workload);
  const image = drawInput(workload);
  return {
    label: `tfjs ${packageVersion("@tensorflow/tfjs-layers")} LayersModel as trained, WASM backend`,
    run: () =>
      tidy(() => {
        const logits = model.predict(tensor(image, [1, size, size, 3]));
        if (Array.isArray(logits)) throw new Error("the model has one output");
        return logits.dataSync<"float32">();
      }),
  };
});
