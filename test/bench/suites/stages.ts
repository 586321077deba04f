import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadJpegEncoder } from "../../../trainer/assets.ts";
import type { Clock } from "../contender.ts";
import { startContender } from "../contender-process.ts";
import type { Suite } from "../suite.ts";
import { drawnPhoto } from "../workloads/drawn-photo.ts";
import { nets } from "../workloads/nets.ts";

const net = { size: 96, width: 0.25, classes: 10 };
const photo = { width: 640, height: 480 };
const blockMs = 1500;

/** One stage of a job. */
interface Stage {
  readonly name: string;
  readonly module: string;
  readonly workload: unknown;
  /** Of one run. */
  readonly images: number;
  readonly clock: Clock;
  readonly meaning: string;
}

/** Images a second of each stage of a job, for MobileNet V1 0.25@96 unless a stage says otherwise; one core each. */
export const stagesSuite: Suite = async ({ folder, note }) => {
  const file = join(folder, "stage.jpg");
  writeFileSync(file, loadJpegEncoder()(drawnPhoto(photo.width, photo.height, 1), 90, {}));
  for (const stage of stagesOf(file)) {
    const contender = await startContender(stage);
    try {
      const first = await contender.msPerRun(3, stage.clock);
      const ms = await contender.msPerRun(Math.max(2, Math.round(blockMs / first)), stage.clock);
      note({
        name: `stage/${stage.name}`,
        value: (1000 * stage.images) / ms,
        meaning: `images/s: ${stage.meaning}`,
      });
    } finally {
      contender.stop();
    }
  }
};

function stagesOf(file: string): readonly Stage[] {
  const cpu = { images: 1, clock: "all-threads" } as const;
  const step = (workers: number): Stage => ({
    name: `train-${workers}`,
    module: "train-threads.ts",
    workload: { ...net, batchSize: 64, workers },
    images: 64,
    clock: "main-thread",
    meaning: `augmented and learnt from, batch 64, on ${workers === 1 ? "one thread" : `${workers} threads, each with a core of its own`}`,
  });
  const augment = (strength: string): Stage => ({
    ...cpu,
    name: `augment-${strength}`,
    module: "stage-augment.ts",
    workload: { size: net.size, strength },
    meaning: `augmented (${strength}) at ${net.size} px`,
  });
  return [
    {
      ...cpu,
      name: "decode",
      module: "decode-ours.ts",
      workload: { file, size: net.size },
      meaning: `JPEG ${photo.width}x${photo.height} decoded to ${net.size} px`,
    },
    augment("light"),
    augment("strong"),
    {
      ...cpu,
      name: "embed",
      module: "infer-ours.ts",
      workload: nets["mobilenet_v2_1.0_224"],
      meaning: "described by MobileNet V2 1.0@224, for a head",
    },
    step(1),
    step(2),
    {
      name: "evaluate",
      module: "stage-evaluate.ts",
      workload: net,
      images: 64,
      clock: "all-threads",
      meaning: "validated by the net as it is trained",
    },
    {
      ...cpu,
      name: "bundle",
      module: "infer-ours.ts",
      workload: net,
      meaning: "classified by the bundle, one at a time",
    },
  ];
}
