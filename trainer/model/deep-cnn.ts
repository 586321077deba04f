import type * as tfl from "@tensorflow/tfjs-layers";
import { ChainBuilder, scaledChannels } from "./chain-builder.ts";
import type { ModelOptions } from "./model-options.ts";

/** Channels of the 3x3 convolutions; a 2x2 maximum lies between two stages. */
const stages = [
  [32, 32],
  [64, 96],
  [160, 192],
  [256, 256],
] as const;

/** Fewest pixels a side that the feature map keeps. */
const leastMapSize = 4;
const mostHalvings = 5;

/**
 * Pairs of 3x3 convolutions with maxima between the pairs (after VGG, Simonyan & Zisserman 2015): six times the cost of
 * the small net at 32 px, for those with many images and hours rather than minutes. Larger inputs are halved by
 * the first two convolutions, small ones skip the first maxima.
 */
export function buildDeepCnn({ size, classes, seed, width, dropout }: ModelOptions): tfl.LayersModel {
  const halvings = Math.min(mostHalvings, Math.floor(Math.log2(size / leastMapSize)));
  const pools = Math.min(stages.length - 1, halvings);
  const strided = halvings - pools;
  const chain = new ChainBuilder(size, seed, `conv${2 * stages.length}`);
  for (const [stage, channels] of stages.entries()) {
    if (stage >= stages.length - pools) chain.maxPooling(`pool${stage}`);
    for (const [place, count] of channels.entries()) {
      const index = 2 * stage + place;
      const strides = index < strided ? 2 : 1;
      chain.convolution(`conv${index + 1}`, {
        filters: scaledChannels(count, width),
        kernelSize: 3,
        strides,
      });
    }
  }
  return chain.finish(classes, dropout ?? 0);
}
