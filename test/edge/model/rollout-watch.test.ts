import { describe, expect, it } from "vitest";
import { type Arm, type Outcome, RolloutWatch } from "../../../edge/model/rollout-watch.ts";
import { defaultRolloutGuard } from "../../../shared/contract/alias.ts";
import { createRandom } from "../../trainer/release/random.ts";

const guard = defaultRolloutGuard;

function watchOf(seen: readonly (readonly [Arm, Outcome, number])[]): RolloutWatch {
  const watch = new RolloutWatch(guard);
  for (const [arm, outcome, times] of seen) for (let i = 0; i < times; i++) watch.note(arm, outcome);
  return watch;
}

describe("the watch over a rollout", () => {
  it("ends one whose version knows nothing, no sooner than after the least answers", () => {
    expect(
      watchOf([
        ["stable", "known", 50],
        ["candidate", "unknown", 49],
      ]).verdict(),
    ).toBeNull();
    expect(
      watchOf([
        ["stable", "known", 50],
        ["candidate", "unknown", 50],
      ]).verdict(),
    ).toBe("of 50 answers 50 were unknown; of the version that serves, 0 of 50");
  });

  it("does not judge unknown images before it knows how many the version that serves has", () => {
    expect(
      watchOf([
        ["stable", "known", 49],
        ["candidate", "unknown", 500],
      ]).verdict(),
    ).toBeNull();
  });

  it("ends one whose version fails, whatever the other one does", () => {
    expect(watchOf([["candidate", "failed", 49]]).verdict()).toBeNull();
    expect(
      watchOf([
        ["candidate", "known", 40],
        ["candidate", "failed", 10],
      ]).verdict(),
    ).toBeNull();
    expect(
      watchOf([
        ["candidate", "known", 25],
        ["candidate", "failed", 25],
      ]).verdict(),
    ).toContain("25 failed");
  });

  it("does not blame a version for what both suffer", () => {
    expect(watchOf([...troubled("stable"), ...troubled("candidate")]).verdict()).toBeNull();
  });

  it("ends one that gives other classes", () => {
    const watch = new RolloutWatch(guard);
    for (let i = 0; i < 49; i++) watch.compare(false);
    expect(watch.verdict()).toBeNull();
    watch.compare(false);
    expect(watch.verdict()).toBe("of 50 images 50 got another class than from the version that serves");
  });

  it("forgets what is long ago", () => {
    const watch = watchOf([
      ["stable", "known", 500],
      ["candidate", "unknown", 40],
      ["candidate", "known", 500],
    ]);
    expect(watch.counts.candidate).toEqual({ answers: 500, unknown: 0, failed: 0 });
  });

  it("ends hardly ever one that is as good as the other, in 20,000 answers of each of 100 rollouts", () => {
    const random = createRandom(7);
    let ended = 0;
    for (let rollout = 0; rollout < 100; rollout++) {
      const watch = new RolloutWatch({ ...guard, maxUnknownRise: 0, maxErrorRise: 0, maxDisagreement: 0.3 });
      let verdict: string | null = null;
      for (let i = 0; i < 20_000 && verdict === null; i++) {
        for (const arm of ["stable", "candidate"] as const) watch.note(arm, outcomeAt(random.uniform()));
        watch.compare(random.uniform() > 0.25);
        verdict = watch.verdict();
      }
      if (verdict !== null) ended++;
    }
    expect(ended).toBeLessThanOrEqual(3);
  });

  it("finds a share of unknown images that doubled, within some hundred answers", () => {
    const random = createRandom(8);
    const watch = new RolloutWatch(guard);
    let answers = 0;
    while (watch.verdict() === null && answers < 2000) {
      answers++;
      watch.note("stable", random.uniform() < 0.25 ? "unknown" : "known");
      watch.note("candidate", random.uniform() < 0.55 ? "unknown" : "known");
    }
    expect(answers).toBeLessThan(500);
  });
});

function troubled(arm: Arm): (readonly [Arm, Outcome, number])[] {
  return [
    [arm, "known", 100],
    [arm, "unknown", 200],
    [arm, "failed", 100],
  ];
}

function outcomeAt(draw: number): Outcome {
  if (draw < 0.01) return "failed";
  return draw < 0.3 ? "unknown" : "known";
}
