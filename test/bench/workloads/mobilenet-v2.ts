import * as tfl from "@tensorflow/tfjs-layers";
import { scaledChannels } from "../../../trainer/model/chain-builder.ts";
import type { MobileNetWorkload } from "./mobilenet.ts";

/** Expansion, channels, repeats and stride of the inverted residual blocks (Sandler et al. 2018, table 2). */
const groups = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** MobileNet V2 as Keras has it, with seeded weights that keep the size of activations from layer to layer. */
export function buildMobileNetV2({ size, width, classes }: MobileNetWorkload): tfl.LayersModel {
  let seed = 1;
  const convolve = (x: tfl.SymbolicTensor, filters: number, kernelSize: number, strides: number) =>
    normalize(
      tfl.layers
        .conv2d({
          filters,
          kernelSize,
          strides,
          padding: "same",
          useBias: false,
          kernelInitializer: tfl.initializers.heNormal({ seed: seed++ }),
        })
        .apply(x),
    );
  const filter = (x: tfl.SymbolicTensor, strides: number) =>
    normalize(
      tfl.layers
        .depthwiseConv2d({
          kernelSize: 3,
          strides,
          padding: "same",
          useBias: false,
          // heNormal would count the inputs of all channels, and the values would fade from layer to layer
          depthwiseInitializer: tfl.initializers.randomNormal({ stddev: Math.sqrt(2 / 9), seed: seed++ }),
        })
        .apply(x),
    );
  const input = tfl.input({ shape: [size, size, 3] });
  let x = relu6(convolve(input, scaledChannels(32, width), 3, 2));
  for (const [expansion, channels, repeats, stride] of groups) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const strides = repeat === 0 ? stride : 1;
      const before = x;
      const inputs = channelsOf(x);
      const outputs = scaledChannels(channels, width);
      if (expansion > 1) x = relu6(convolve(x, expansion * inputs, 1, 1));
      x = convolve(relu6(filter(x, strides)), outputs, 1, 1);
      if (strides === 1 && inputs === outputs) x = symbolic(tfl.layers.add().apply([before, x]));
    }
  }
  x = relu6(convolve(x, Math.max(1280, scaledChannels(1280, width)), 1, 1));
  const pooled = tfl.layers.globalAveragePooling2d({}).apply(x);
  const kernelInitializer = tfl.initializers.heNormal({ seed: seed++ });
  const logits = tfl.layers.dense({ units: classes, kernelInitializer }).apply(pooled);
  return tfl.model({ inputs: input, outputs: symbolic(logits) });
}

type Applied = ReturnType<tfl.layers.Layer["apply"]>;

function normalize(x: Applied): tfl.SymbolicTensor {
  return symbolic(tfl.layers.batchNormalization({}).apply(symbolic(x)));
}

function relu6(x: tfl.SymbolicTensor): tfl.SymbolicTensor {
  return symbolic(tfl.layers.reLU({ maxValue: 6 }).apply(x));
}

function channelsOf(x: tfl.SymbolicTensor): number {
  return x.shape.at(-1) ?? 0;
}

/** What a layer gives for one symbolic input is one symbolic tensor. */
function symbolic(x: Applied): tfl.SymbolicTensor {
  if (x instanceof tfl.SymbolicTensor) return x;
  throw new Error("a layer gave no symbolic tensor");
}
