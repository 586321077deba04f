import type * as tfl from "@tensorflow/tfjs-layers";
import type { ModelOptions } from "./model-options.ts";
import { ChainBuilder, scaledChannels } from "./chain-builder.ts";

/** Channels of the 3x3 convolutions; between two of them the image is halved, as long as it is large enough. */
const channels = [16, 32, 64, 96, 128] as const;

/** Fewest pixels a side that the feature map keeps. */
const leastMapSize = 4;

/** Larger inputs are halved by the first convolution already. */
const largestFullSize = 96;

/**
 * A plain net of 3x3 convolutions, each followed by a 2x2 maximum. With few images and little time it learns small
 * objects far better than nets that halve by strides, for the maximum keeps the one place that saw something.
 */
export function buildSmallCnn({ size, classes, seed, width, dropout }: ModelOptions): tfl.LayersModel {
  const last = channels.length - 1;
  const chain = new ChainBuilder(size, seed, `conv${last + 1}`);
  let mapSize = size;
  for (const [index, count] of channels.entries()) {
    const strides = index === 0 && size > largestFullSize ? 2 : 1;
    const filters = scaledChannels(count, width);
    chain.convolution(`conv${index + 1}`, { filters, kernelSize: 3, strides });
    mapSize = Math.ceil(mapSize / strides);
    if (index < last && mapSize / 2 >= leastMapSize) {
      chain.maxPooling(`pool${index + 1}`);
      mapSize = Math.floor(mapSize / 2);
    }
  }
  return chain.finish(classes, dropout ?? 0);
}
