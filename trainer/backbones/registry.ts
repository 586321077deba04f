import { AppError } from "../../shared/contract/errors.ts";
import type { PixelSpec } from "../../shared/image/codec.ts";

/** Where features come from, as it is recorded. */
export interface BackboneOrigin {
  readonly name: string;
  /** Of the file; of a model.json and its weights one behind the other; of the manifest of a published version. */
  readonly sha256: string;
  /** SPDX, or in words. */
  readonly licence: string;
}

/** A net that was trained on ImageNet, whose features tell other classes apart too; nothing of its file is used before its digest was compared. */
export interface Backbone extends BackboneOrigin {
  /** Name of the TensorFlow Lite file. */
  readonly file: string;
  readonly url: string;
  readonly bytes: number;
  /** Pixels of the square input it was trained with. */
  readonly size: number;
  /** How images reach it; mean and deviation stand in the file, as its input's scale and zero point. */
  readonly pixels: Omit<PixelSpec, "width" | "height">;
  /** Multiply-accumulates of one image at `size`, without the classifier. */
  readonly macs: number;
  /** Numbers that describe one image: the width of the pooled features. */
  readonly embeddingSize: number;
}

/** One commit, so that the files stay what they are. */
const origin =
  "https://raw.githubusercontent.com/google-coral/test_data/104342d2d3480b3e66203073dac24f4e2dbb4c41";

/**
 * The centre that nets of ImageNet's family were evaluated on, and the 2-tap resize they were trained with: an
 * antialiased one costs them 1 to 5 points of top-1, squashing the picture 3 to 4.
 */
const imagenetPixels: Backbone["pixels"] = {
  fit: "cover-crop",
  cropFraction: 0.875,
  filter: "bilinear",
  background: [0, 0, 0],
  denoise: "none",
};

const common = { licence: "Apache-2.0", pixels: imagenetPixels } as const;

/** The backbones that are known, the best features first. */
export const backbones: readonly Backbone[] = [
  {
    ...common,
    name: "mobilenet-v2-1.0-224",
    file: "mobilenet_v2_1.0_224_quant.tflite",
    url: `${origin}/mobilenet_v2_1.0_224_quant.tflite`,
    bytes: 3_610_798,
    sha256: "7aad0c74c5e3c06e5eb3c827e13304fdd68a83da6087d92ee169c24ff9fd4776",
    size: 224,
    macs: 299_494_272,
    embeddingSize: 1280,
  },
  {
    ...common,
    name: "mobilenet-v2-1.0-224-int8",
    file: "tf2_mobilenet_v2_1.0_224_ptq.tflite",
    url: `${origin}/tf2_mobilenet_v2_1.0_224_ptq.tflite`,
    bytes: 4_070_174,
    sha256: "5d3137241276e79c86d14a74fe43581398ae0e815191d3dba45495b810840e8c",
    size: 224,
    macs: 299_494_272,
    embeddingSize: 1280,
  },
  {
    ...common,
    name: "mobilenet-v1-0.5-160",
    file: "mobilenet_v1_0.5_160_quant.tflite",
    url: `${origin}/mobilenet_v1_0.5_160_quant.tflite`,
    bytes: 1_392_846,
    sha256: "3cc6d2ca460abd2e0f699a6d0d2550c6b61c6e3b0e27a3616e384ea74cb86f43",
    size: 160,
    macs: 76_012_800,
    embeddingSize: 512,
  },
  {
    ...common,
    name: "mobilenet-v1-0.25-128",
    file: "mobilenet_v1_0.25_128_quant.tflite",
    url: `${origin}/mobilenet_v1_0.25_128_quant.tflite`,
    bytes: 525_598,
    sha256: "cb273c23ee76374b05b9583177e28aa19744858a7679c56a250e83d0333da785",
    size: 128,
    macs: 13_314_048,
    embeddingSize: 256,
  },
];

/** The backbone of a name. @throws invalid_argument naming those there are */
export function backboneOf(name: string): Backbone {
  const found = backbones.find((backbone) => backbone.name === name);
  if (found !== undefined) return found;
  const names = backbones.map((backbone) => backbone.name).join(", ");
  throw new AppError("invalid_argument", `there is no backbone ${name}; choose one of ${names}`);
}
