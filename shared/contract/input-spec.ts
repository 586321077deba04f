import * as z from "zod/mini";
import { sha256Schema } from "./names.ts";

const channelTriple = z.tuple([z.number(), z.number(), z.number()]);
const byte = z.int().check(z.gte(0), z.lte(255));

/** Everything between the bytes of an image and the model's input; trainer and Worker run the same code on it. */
export const inputSpecSchema = z.strictObject({
  /** Pixels. */
  width: z.int().check(z.gte(8), z.lte(1024)),
  /** Pixels. */
  height: z.int().check(z.gte(8), z.lte(1024)),
  /** How the aspect ratio is resolved: cut the overhang, squash, or pad with `background`. */
  fit: z.enum(["cover-crop", "stretch", "letterbox"]),
  /** The share of the fitted window that is kept, around its centre; in (0, 1]. */
  cropFraction: z.number().check(z.gt(0), z.lte(1)),
  /** Resampling: antialiased triangle, or 2-tap half-pixel bilinear as imported nets were trained with. */
  filter: z.enum(["triangle", "bilinear"]),
  /** RGB behind transparent pixels and letterbox bars. */
  background: z.tuple([byte, byte, byte]),
  /** Noise removal on the decoded pixels at the model's size. */
  denoise: z.enum(["none", "median3"]),
  /** Per channel, applied to 0-1 values: `(x / 255 - mean) / std`. */
  mean: channelTriple,
  /** Per channel, positive; see `mean`. */
  std: channelTriple.check(
    z.refine((std) => std.every((value) => value > 0), { message: "std must be positive" }),
  ),
  /** SHA-256 of the codec module that decoded the training images. */
  codecSha256: sha256Schema,
});

/** Everything between the bytes of an image and the model's input. */
export type InputSpec = z.infer<typeof inputSpecSchema>;
