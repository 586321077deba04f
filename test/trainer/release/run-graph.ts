import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import type { FoldedModel } from "../../../trainer/release/folded-model.ts";
import { emitGraph } from "../../../trainer/release/graph-model.ts";
import { writeModelFiles } from "../../../trainer/release/model-files.ts";

/** All outputs of a graph, row-major. */
export interface GraphOutputs {
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  readonly embedding: Float32Array;
  readonly featureMap: Float32Array;
}

/** Writes a model as float32 files, loads them by tfjs's own loader and runs them on the current backend. */
export async function runGraph(folded: FoldedModel, pixels: Float32Array): Promise<GraphOutputs> {
  const batch = pixels.length / folded.inputShape.reduce((product, length) => product * length, 1);
  const graph = emitGraph(folded);
  const { files } = writeModelFiles(graph, () => "none");
  const json = JSON.parse(new TextDecoder().decode(files[0]?.bytes));
  const weightData = Buffer.concat(files.slice(1).map((file) => file.bytes));
  const model = await loadGraphModel(
    tf.io.fromMemory({
      ...json,
      weightSpecs: json.weightsManifest[0].weights,
      weightData: weightData.buffer.slice(weightData.byteOffset, weightData.byteOffset + weightData.length),
    }),
  );
  const { logits, embedding, featureMap } = graph.outputs;
  const input = tf.tensor(pixels, [batch, ...folded.inputShape]);
  const outputs = model.execute(input, [
    logits,
    embedding?.node ?? "",
    featureMap?.node ?? "",
  ]) as tf.Tensor[];
  const [logitValues, embeddingValues, featureValues] = await Promise.all(
    outputs.map(async (tensor) => Float32Array.from(await tensor.data())),
  );
  const probabilities = tf.tidy(() => tf.softmax(outputs[0] as tf.Tensor).dataSync() as Float32Array);
  tf.dispose([input, ...outputs]);
  model.dispose();
  return {
    logits: logitValues as Float32Array,
    probabilities,
    embedding: embeddingValues as Float32Array,
    featureMap: featureValues as Float32Array,
  };
}
