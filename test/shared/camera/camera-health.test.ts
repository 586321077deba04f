import { describe, expect, it } from "vitest";
import {
  checkHealth,
  framesPerSecond,
  type HealthChange,
  type HealthState,
  newHealth,
} from "../../../shared/camera/camera-health.ts";
import type { FrameResult } from "../../../shared/camera/decide.ts";
import type { FrameSignals } from "../../../shared/camera/frame-signals.ts";
import { cameraConfig, frameOf, noon, replay, seriesOf, soundSignals } from "./camera-fixtures.ts";

/** Health after frames a second apart. */
function watch(
  signals: readonly FrameSignals[],
  from: HealthState = newHealth,
  second = 0,
): { readonly health: HealthState; readonly changes: readonly HealthChange[] } {
  const changes: HealthChange[] = [];
  let health = from;
  for (const [i, signal] of signals.entries()) {
    const checked = checkHealth(health, signal, noon + (second + i) * 1000);
    health = checked.health;
    changes.push(...checked.changes);
  }
  return { health, changes };
}

const times = (count: number, part: () => FrameSignals): FrameSignals[] =>
  Array.from({ length: count }, part);
const sound = times(20, () => soundSignals());

describe("checkHealth", () => {
  it("finds nothing wrong with a sound camera and knows its pace", () => {
    const { health, changes } = watch(sound);
    expect(changes).toEqual([]);
    expect(framesPerSecond(health)).toBeCloseTo(1);
    expect(framesPerSecond(newHealth)).toBeNull();
  });

  it.each([
    ["frozen", 31, (): FrameSignals => soundSignals({ fingerprint: "same" })],
    ["black", 5, (): FrameSignals => soundSignals({ luma: 5, contrast: 2, sharpness: 0.1 })],
    ["blurred", 10, (): FrameSignals => soundSignals({ sharpness: 1 })],
    ["tampered", 15, (): FrameSignals => soundSignals({ hash: "ff00ff00ff00ff00" })],
  ] as const)("finds a camera %s after %d frames, and sound again after three", (fault, frames, part) => {
    const before = watch(sound).health;
    expect(watch(times(frames - 1, part), before, 20).changes).toEqual([]);
    const faulty = watch(times(frames, part), before, 20);
    expect(faulty.changes).toEqual([{ fault, active: true }]);
    const healed = watch(sound, faulty.health, 60);
    expect(healed.changes).toEqual([{ fault, active: false }]);
  });

  it("takes a camera that was turned for good as it is after five minutes", () => {
    const before = watch(sound).health;
    const turned = watch(
      times(400, () => soundSignals({ hash: "ff00ff00ff00ff00" })),
      before,
      20,
    );
    expect(turned.changes).toEqual([
      { fault: "tampered", active: true },
      { fault: "tampered", active: false },
    ]);
  });

  it.each([
    ["that is black", { luma: 4, contrast: 1 }, 1],
    ["that is blurred", { sharpness: 1 }, 1],
    ["of a camera that is frozen", { fingerprint: "same" }, 31],
    ["of a camera that was turned away", { hash: "ff00ff00ff00ff00" }, 15],
  ])("lets a frame %s speak for no label", (_, part, after) => {
    const config = cameraConfig({ vote: { k: 1, n: 1 }, evidencePerVote: 0 });
    const open = seriesOf(Array.from({ length: 20 }, () => "open"));
    const spoilt = (label: string, second: number): FrameResult =>
      frameOf(label, second, { signals: soundSignals(part) });
    const before = Array.from({ length: after }, (__, i) => spoilt("open", 20 + i));
    const { state, changes } = replay([...open, ...before, spoilt("shut", 20 + after)], config);
    expect(changes.filter(({ kind }) => kind === "state")).toEqual([]);
    expect(state.votes).toMatchObject([{ label: null }]);
  });
});
