/** What a weighted layer does with its sums; both are positively homogeneous, on which equalisation rests. */
export type FoldedActivation = "linear" | "relu";

/** How a window meets the border: tfjs's rule for `same`, none, or rows and columns of zeros. */
export type Padding =
  | "same"
  | "valid"
  | { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number };

/** A convolution or depthwise convolution with batch normalisation folded in, NHWC. */
export interface FoldedConvolution {
  readonly kind: "convolution" | "depthwise";
  readonly name: string;
  /** Row-major by `shape`. */
  readonly weights: Float32Array;
  /** `[height, width, in, out]`; of a depthwise one `[height, width, channels, 1]`. */
  readonly shape: readonly [number, number, number, number];
  /** `[out]` */
  readonly bias: Float32Array;
  /** `[down, right]` */
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  readonly activation: FoldedActivation;
}

/** A fully connected layer. */
export interface FoldedDense {
  readonly kind: "dense";
  readonly name: string;
  /** `[in, out]`, row-major. */
  readonly weights: Float32Array;
  readonly shape: readonly [number, number];
  /** `[out]` */
  readonly bias: Float32Array;
  readonly activation: FoldedActivation;
}

/** A layer that has weights. */
export type WeightedLayer = FoldedConvolution | FoldedDense;

/** The largest value of each window, channel by channel. */
export interface FoldedMaxPool {
  readonly kind: "max-pool";
  readonly name: string;
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: "same" | "valid";
}

/** The mean over all positions, channel by channel. */
export interface FoldedAveragePool {
  readonly kind: "global-average-pool";
  readonly name: string;
}

/** A layer of the chain that inference runs. */
export type FoldedLayer = WeightedLayer | FoldedMaxPool | FoldedAveragePool;

/** A classifier ready for inference: a chain of layers that ends in global average pooling and dense layers. */
export interface FoldedModel {
  /** `[height, width, channels]` of one normalised image. */
  readonly inputShape: readonly [number, number, number];
  readonly layers: readonly FoldedLayer[];
  /** `[height, width, channels]` of what is pooled. */
  readonly featureShape: readonly [number, number, number];
  readonly classes: number;
}

/** Whether the layer has weights and a bias. */
export function isWeighted(layer: FoldedLayer): layer is WeightedLayer {
  return layer.kind === "convolution" || layer.kind === "depthwise" || layer.kind === "dense";
}

/** Number of output channels of a layer with weights. */
export function outputChannels(layer: WeightedLayer): number {
  return layer.bias.length;
}
