import { join } from "node:path";
import { openBundle } from "../../../shared/inference/bundle.ts";
import { bundleSource } from "../../../trainer/release/assemble.ts";
import { startContender } from "../contender-process.ts";
import { measureShare } from "../peak/peak-share.ts";
import type { Suite } from "../suite.ts";
import { provenBundle, writeBundle } from "../workloads/bundle-folder.ts";
import { nets } from "../workloads/nets.ts";

const name = "mobilenet_v2_1.0_224";

/** How near the largest net comes to what WebAssembly can do, and what memory it takes beside stock tfjs. */
export const limitsSuite: Suite = async ({ folder, note }) => {
  const workload = { ...nets[name], storage: "uint8" } as const;
  const bundle = await provenBundle(workload);
  const files = join(folder, name);
  writeBundle(bundle, files);
  const ours = await heapBytes("heap-ours.ts", files);
  const theirs = await heapBytes("heap-tfjs.ts", files);
  const megabytes = [ours, theirs].map((bytes) => (bytes / 1e6).toFixed(1)).join(" of ");
  note({
    name: `${name}/heap`,
    value: ours / theirs,
    meaning: `of stock tfjs's WASM memory: ${megabytes} MB`,
  });

  const { plan } = await openBundle(bundleSource(bundle));
  if (plan === undefined) throw new Error("the net has no plan");
  const { peak, int16Peak, reached } = measureShare(plan);
  note({
    name: `${name}/peak-share`,
    value: reached / peak,
    meaning: `of the SIMD peak in 1x1 convolutions: ${reached.toFixed(1)} of ${peak.toFixed(1)} GFLOP/s`,
  });
  note({
    name: "int16-peak",
    value: int16Peak / peak,
    meaning:
      "times float32's SIMD peak, for products of 16-bit integers: what quantised arithmetic could gain at most",
  });

  async function heapBytes(module: string, bundleFolder: string): Promise<number> {
    const contender = await startContender({
      name: module,
      module,
      workload: { folder: bundleFolder, size: workload.size },
    });
    contender.stop();
    return contender.output[0] ?? Number.NaN;
  }
};
