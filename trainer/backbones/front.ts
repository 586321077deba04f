import { setImmediate } from "node:timers/promises";
import { AppError } from "../../shared/contract/errors.ts";
import { normalize } from "../../shared/image/normalize.ts";
import { openBundle } from "../../shared/inference/bundle.ts";
import type { CheckedGraph } from "../../shared/inference/graph-check.ts";
import { createClassifier } from "../../shared/inference/classifier.ts";
import { loadCodec } from "../assets.ts";
import { openInference } from "../engine/open-inference.ts";
import { bundleSource } from "../release/assemble.ts";
import { standInBundle } from "../release/stand-in-bundle.ts";
import { attachHead, type FeatureGraph, inFloats } from "./feature-graph.ts";
import { type Cut, frontOf } from "./graph-cut.ts";

/** The layers before a cut, in the inference core that serves. */
export interface Front {
  /** What the cut gives for one image: `[height, width, channels]`. @param pixels `[height, width, 3]` at the input's size */
  run(pixels: Uint8Array): Float32Array;
  /** {@link Front.run} over images, letting other work happen in between. @returns `[count, height, width, channels]` */
  runAll(
    pixels: (index: number) => Uint8Array,
    count: number,
    options: { readonly signal: AbortSignal; readonly onImage: (done: number) => void },
  ): Promise<Float32Array>;
  dispose(): void;
}

/** The shapes of a net's nodes, as the loader finds them. */
export async function shapesOf(features: FeatureGraph): Promise<CheckedGraph["shapes"]> {
  return (await openBundle(bundleSource(await standIn(features)))).graph.shapes;
}

/** Loads the layers before a cut; whoever opened them disposes of them. */
export async function openFront(features: FeatureGraph, cut: Cut): Promise<Front> {
  await openInference();
  const bundle = await openBundle(bundleSource(await standIn(frontOf(features, cut))));
  const classifier = createClassifier(bundle, loadCodec());
  const { input } = features;
  const { width, height } = input;
  const length = cut.height * cut.width * cut.channels;

  function run(data: Uint8Array): Float32Array {
    const nhwc = normalize({ width, height, data }, input);
    const { featureMap } = classifier.infer(nhwc, 1, { featureMap: true });
    if (featureMap !== undefined) return featureMap;
    throw new AppError("internal", "the graph gave nothing at the cut although it was asked for");
  }

  return {
    run,
    runAll: async (pixels, count, { signal, onImage }) => {
      const activations = new Float32Array(count * length);
      for (let index = 0; index < count; index++) {
        await setImmediate();
        if (signal.aborted) throw interrupted();
        activations.set(run(pixels(index)), index * length);
        onImage(index + 1);
      }
      return activations;
    },
    dispose: () => classifier.dispose(),
  };
}

function standIn(features: FeatureGraph): ReturnType<typeof standInBundle> {
  const { size } = features.embedding;
  const head = { weights: new Float32Array(2 * size), bias: new Float32Array(2) };
  // what is trained behind it is computed in floats, and so will be the whole
  return standInBundle(attachHead(inFloats(features), head), features.input);
}

function interrupted(): AppError {
  return new AppError("interrupted", "interrupted before the training began; start it again");
}
