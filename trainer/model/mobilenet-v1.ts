import type * as tfl from "@tensorflow/tfjs-layers";
import { ChainBuilder, scaledChannels } from "./chain-builder.ts";
import type { ModelOptions } from "./model-options.ts";

/** Channels and stride of the depthwise separable blocks (Howard et al. 2017, table 1). */
const blocks = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

/** Halvings of the image from stem to feature map. */
const halvings = 5;
/** Fewest pixels a side that the feature map keeps: smaller inputs skip halvings, the earliest first. */
const leastMapSize = 3;

/**
 * MobileNet V1 with ReLU in place of ReLU6, which lets quantisation equalise channels exactly. Inputs under
 * 96 px skip the earliest halvings, so that 32 px images keep a 4x4 feature map.
 */
export function buildMobileNetV1({ size, classes, seed, width, dropout }: ModelOptions): tfl.LayersModel {
  let skipped = 0;
  while (skipped < halvings && size / 2 ** (halvings - skipped) < leastMapSize) skipped++;
  const stride = (wanted: number): number => {
    if (wanted === 1 || skipped-- <= 0) return wanted;
    return 1;
  };
  const chain = new ChainBuilder(size, seed, `block${blocks.length}_pointwise`);
  chain.convolution("stem", { filters: scaledChannels(32, width), kernelSize: 3, strides: stride(2) });
  for (const [index, [channels, strides]] of blocks.entries()) {
    const name = `block${index + 1}`;
    chain.depthwise(`${name}_depthwise`, stride(strides));
    chain.convolution(`${name}_pointwise`, {
      filters: scaledChannels(channels, width),
      kernelSize: 1,
      strides: 1,
    });
  }
  return chain.finish(classes, dropout ?? 0);
}
