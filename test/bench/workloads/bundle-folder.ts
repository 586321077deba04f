import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { drawGoldenImages } from "../../../trainer/release/golden-images.ts";
import { encodeManifest, type UnpublishedVersion } from "../../../trainer/release/publish.ts";
import { measureGolden, withBundle } from "../../../trainer/release/verify.ts";
import { bundleMobileNet, type MobileNetWorkload } from "./mobilenet.ts";

/** A bundle's files, for a process that must not have built the net itself. */
export interface HeapWorkload {
  readonly folder: string;
  /** Pixels of a side. */
  readonly size: number;
}

/** A bundle with the golden vectors that a release would give it, which a Worker checks before it serves. */
export async function provenBundle(workload: MobileNetWorkload): Promise<UnpublishedVersion> {
  await openInference();
  const codec = loadCodec();
  const images = drawGoldenImages(1, loadJpegEncoder());
  const draft = await bundleMobileNet(workload);
  const golden = await withBundle(draft, codec, (stock) => measureGolden(stock, codec, images), "stock");
  return bundleMobileNet(workload, golden);
}

/** Writes a bundle's files into a new folder. */
export function writeBundle(bundle: UnpublishedVersion, folder: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, "manifest.json"), encodeManifest(bundle.manifest));
  for (const { path, bytes } of bundle.files) writeFileSync(join(folder, path), bytes);
}
