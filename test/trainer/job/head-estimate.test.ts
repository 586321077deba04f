import { describe, expect, it } from "vitest";
import { estimateHead, type HeadFacts } from "../../../trainer/job/head-estimate.ts";
import { fitHead, foldHoldOuts } from "../../../trainer/training/head.ts";
import { measureFitSpeed } from "../../../trainer/training/fit-cost.ts";
import { openKnownClasses } from "../../../trainer/training/known-classes.ts";
import { stream } from "../../../trainer/training/random.ts";
import { openTinyBackbone } from "./tiny-job.ts";

const plan = { mode: "head", backbone: "tiny", size: 9, views: 1 } as const;
const { features, embedder } = await openTinyBackbone();
embedder.dispose();

function factsOf(count: number, classes: number): HeadFacts {
  const labels = Array.from({ length: classes }, (_, c) => `class ${c}`);
  const images = Array.from({ length: count }, (_, i) => ({
    path: `${i}.jpg`,
    sha256: String(i).padStart(64, "0"),
    bytes: 1,
    width: 9,
    height: 9,
    label: labels[i % classes] ?? "",
    split: i % 5 === 4 ? ("test" as const) : ("train" as const),
    perceptualHash: "0".repeat(16),
  }));
  return { dataset: { images, labels }, decodeMs: 1, imageMs: 1, fitSpeed: 500_000 };
}

/** A backbone of so many numbers that knows so many classes. */
function backboneOf(size: number, known: number | null) {
  const { known: _, ...others } = features;
  const head = { weights: new Float32Array(size * (known ?? 0)), bias: new Float32Array(known ?? 0) };
  return {
    ...others,
    embedding: { ...features.embedding, size },
    ...(known === null ? {} : { known: head }),
  };
}

const cpuMs = (): number => process.cpuUsage().user / 1000;

describe("the time that a head is thought to take", () => {
  it("counts the classes that the backbone knows, in every fold", () => {
    const alone = estimateHead(plan, backboneOf(512, null), factsOf(400, 10));
    const knowing = estimateHead(plan, backboneOf(512, 1001), factsOf(400, 10));
    expect(knowing.wholeFitMs).toBeGreaterThan(2 * alone.wholeFitMs);
    expect(knowing.releaseMs).toBe(alone.releaseMs);
  });

  it("is less for one way than for all, and two times for noise removal that is tried", () => {
    const backbone = backboneOf(512, 1001);
    const { leanFitMs, wholeFitMs } = estimateHead(plan, backbone, factsOf(400, 10));
    expect(leanFitMs).toBeLessThan(0.5 * wholeFitMs);
    const both = estimateHead({ ...plan, denoise: "auto" }, backbone, factsOf(400, 10));
    expect(both.wholeFitMs).toBeCloseTo(2 * wholeFitMs, 6);
  });

  it("is between a sixth and six times of the processor time that such a fit takes here", () => {
    const [count, size, known, classes] = [150, 256, 400, 6];
    const random = stream(1, "images");
    const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
    const rows = Float32Array.from(
      { length: count * size },
      (_, at) => random.uniform() + (at % classes === labels[Math.floor(at / size)] ? 0.1 : 0),
    );
    const weights = Float32Array.from({ length: size * known }, () => random.uniform() - 0.5);
    const images = {
      views: [rows] as const,
      labels,
      size,
      classes,
      known: openKnownClasses({ weights, bias: new Float32Array(known) }, [rows]),
    };
    const all = [...labels.keys()];
    const fitSpeed = measureFitSpeed(cpuMs);
    const start = cpuMs();
    fitHead(
      images,
      all,
      foldHoldOuts(all, (index) => index % 5, [0, 1, 2, 3, 4]),
    );
    const tookMs = cpuMs() - start;
    const facts = { ...factsOf((count * 5) / 4, classes), fitSpeed };
    const { wholeFitMs } = estimateHead(plan, backboneOf(size, known), facts);
    expect(wholeFitMs / tookMs).toBeGreaterThan(1 / 6);
    expect(wholeFitMs / tookMs).toBeLessThan(6);
  });
});
