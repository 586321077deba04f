/** How fast one stage of a job was. */
export interface StageSpeed {
  readonly stage: string;
  readonly images: number;
  readonly seconds: number;
}

/** Measures the stages of a job. */
export interface StageTimes {
  /** Runs `work` as a part of a stage. @param images that it takes, or how to count them afterwards */
  measure<T>(stage: string, images: number | (() => number), work: () => Promise<T>): Promise<T>;
  /** The stages in the order they began; those that had no image are left out. */
  speeds(): StageSpeed[];
}

/** No stage yet. @param now in milliseconds; only differences count */
export function createStageTimes(now: () => number = () => performance.now()): StageTimes {
  const stages = new Map<string, { images: number; ms: number }>();
  return {
    measure: async (stage, images, work) => {
      const entry = stages.get(stage) ?? { images: 0, ms: 0 };
      stages.set(stage, entry);
      const start = now();
      const result = await work();
      entry.ms += now() - start;
      entry.images += typeof images === "number" ? images : images();
      return result;
    },
    speeds: () =>
      [...stages]
        .filter(([, { images }]) => images > 0)
        .map(([stage, { images, ms }]) => ({ stage, images, seconds: ms / 1000 })),
  };
}

/** One line, e.g. `images/s: index 412, decode 530, features 47`. */
export function describeSpeeds(speeds: readonly StageSpeed[]): string {
  const rates = speeds.map(({ stage, images, seconds }) => {
    const rate = images / Math.max(seconds, 1e-3);
    return `${stage} ${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}`;
  });
  return `images/s: ${rates.join(", ")}`;
}
