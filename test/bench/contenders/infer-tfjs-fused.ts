import { io, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { serveContender } from "../contender.ts";
import { packageVersion } from "../package-version.ts";
import { compileMobileNet, drawInput, type MobileNetWorkload } from "../workloads/mobilenet.ts";
import { openStockTfjs } from "./stock-tfjs.ts";

await serveContender<MobileNetWorkload>(async (workload) => {
  await openStockTfjs();
  const { size } = workload;
  const model = await loadGraphModel(io.fromMemory(await artifacts(workload)));
  const image = drawInput(workload);
  return {
    label: `tfjs ${packageVersion("@tensorflow/tfjs-backend-wasm")} GraphModel, folded and fused, WASM backend`,
    run: () => tidy(() => logitsOf(model.execute(tensor(image, [1, size, size, 3]), "logits"))),
  };
});

function logitsOf(output: Tensor | Tensor[]): Float32Array {
  if (Array.isArray(output)) throw new Error("one output was asked for");
  return output.dataSync<"float32">();
}

async function artifacts(workload: MobileNetWorkload): Promise<io.ModelArtifacts> {
  const [modelFile, ...shards] = (await compileMobileNet(workload)).model.files;
  const modelJson: io.ModelJSON = JSON.parse(new TextDecoder().decode(modelFile?.bytes));
  return {
    modelTopology: modelJson.modelTopology,
    format: "graph-model",
    weightSpecs: modelJson.weightsManifest.flatMap((group) => group.weights),
    weightData: new Uint8Array(Buffer.concat(shards.map((shard) => shard.bytes))).buffer,
  };
}
