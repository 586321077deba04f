import type { ReleaseMetrics } from "../../shared/contract/manifest.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import { assembleBundle, type BundleParts } from "./assemble.ts";
import type { GoldenImage } from "./golden-images.ts";
import { measureGolden, withBundle } from "./verify.ts";

/** The parts of a bundle with golden vectors: what stock tfjs, the reference of our kernels, gives for the images. */
export async function addGolden(
  draft: BundleParts<ReleaseMetrics>,
  codec: ImageCodec,
  images: readonly GoldenImage[],
): Promise<BundleParts<ReleaseMetrics>> {
  const golden = await withBundle(
    await assembleBundle(draft),
    codec,
    (classifier) => measureGolden(classifier, codec, images),
    "stock",
  );
  return { ...draft, golden };
}
