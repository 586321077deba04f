import { augmentations } from "../../../trainer/training/defaults.ts";
import { createBatchMaker } from "../../../trainer/training/image-batches.ts";
import { stream } from "../../../trainer/training/random.ts";
import { serveContender } from "../contender.ts";
import { drawnPhoto } from "../workloads/drawn-photo.ts";

await serveContender<{ readonly size: number; readonly strength: keyof typeof augmentations }>(
  async ({ size, strength }) => {
    const images = Uint8Array.from(drawnPhoto(size, size, 1).data);
    const set = { width: size, height: size, images, labels: new Int32Array(1), classes: 2, paths: [] };
    const batches = createBatchMaker(set, { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
    const random = stream(1, "bench/augment");
    const one = Int32Array.of(0);
    return { label: strength, run: () => batches.augmented(one, augmentations[strength], random).nhwc };
  },
);
