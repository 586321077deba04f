import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkSilence } from "../../../shared/camera/decide.ts";
import { cameraConfig, frameOf, noon, replay, seriesOf } from "./camera-fixtures.ts";

const open3 = ["open", "open", "open"];
const shut3 = ["shut", "shut", "shut"];
const labelArbitrary = fc.constantFrom("open", "shut", "person", null);
const labelsArbitrary = fc.array(labelArbitrary, { maxLength: 80 });

/** Frames of another state, each as sure, until the change is told. */
function framesUntilTold(probability: number, evidencePerVote?: number): number {
  const shut = Array.from({ length: 60 }, (_, i) => frameOf("shut", 3 + i, { probability }));
  const [change] = replay([...seriesOf(open3), ...shut], cameraConfig({ evidencePerVote })).changes;
  return change === undefined ? Infinity : (change.at - noon) / 1000 - 2;
}

describe("the state of a camera", () => {
  it("is unknown until enough frames agree, which is told to nobody", () => {
    expect(replay(seriesOf(["open", "open"])).state.label).toBeNull();
    const { state, changes } = replay(seriesOf(open3));
    expect(state).toMatchObject({ label: "open", since: noon + 2000 });
    expect(changes).toEqual([]);
  });

  it("changes with the third frame of five, with the state before and since when it was", () => {
    const config = cameraConfig({ evidencePerVote: 0 });
    const { changes } = replay(seriesOf([...open3, "shut", "open", "shut", "shut"]), config);
    expect(changes).toEqual([
      {
        kind: "state",
        at: noon + 6000,
        label: "shut",
        previous: "open",
        previousSince: noon + 2000,
        probability: expect.closeTo(0.99),
      },
    ]);
  });

  it("does not change by fewer frames than k, by unsure frames, or by frames that show none", () => {
    const unsure = [4, 5, 6, 7, 8].map((second) => frameOf("shut", second, { probability: 0.59 }));
    for (const frames of [
      seriesOf(["shut", "shut", "open", "open"], 3),
      seriesOf([null, null, null], 3),
      unsure,
    ]) {
      expect(replay([...seriesOf(open3), ...frames]).changes).toEqual([]);
    }
  });

  it("keeps a state on frames that would not be sure enough to make it", () => {
    const votes = { vote: { k: 3, n: 6 }, minProbability: 0.8, evidencePerVote: 0 };
    const config = cameraConfig({ ...votes, hysteresis: 0.3 });
    const unsureOpen = [3, 5, 7].map((second) => frameOf("open", second, { probability: 0.55 }));
    const shut = [4, 6, 8].map((second) => frameOf("shut", second));
    const mixed = [...unsureOpen, ...shut].toSorted((a, b) => a.arrivedAt - b.arrivedAt);
    expect(replay([...seriesOf(open3), ...mixed], config).changes).toEqual([]);
    const strict = cameraConfig({ ...votes, hysteresis: 0 });
    expect(replay([...seriesOf(open3), ...mixed], strict).changes).toHaveLength(1);
  });

  it("waits for as much evidence as it is told to: three sure frames, more of those that are less sure", () => {
    // ceil(9.9 / (min(4, ln(p / (1 - p))) - 0.5)), and three votes at least
    expect([0.999, 0.99, 0.95, 0.9, 0.8].map((sure) => framesUntilTold(sure))).toEqual([3, 3, 5, 6, 12]);
    expect(framesUntilTold(0.62)).toBe(Infinity);
    expect(framesUntilTold(0.62, 0)).toBe(3);
  });

  it("loses evidence to frames that speak for the state that is", () => {
    const frames = seriesOf([...open3, "shut", "open", "shut", "shut", "open", "open"]);
    expect(replay(frames, cameraConfig()).changes).toEqual([]);
    expect(replay(frames, cameraConfig({ evidencePerVote: 0 })).changes).not.toEqual([]);
  });

  it("takes no other state during the cooldown, and the one that holds after it", () => {
    const config = cameraConfig({ cooldownSeconds: 10 });
    const frames = [...open3, ...shut3, ...Array.from({ length: 12 }, () => "open")];
    const { changes } = replay(seriesOf(frames), config);
    expect(changes.map((change) => (change.at - noon) / 1000)).toEqual([5, 15]);
  });

  it("forgets votes from before a silence", () => {
    const frames = [...seriesOf(open3), ...seriesOf(["shut", "shut"], 3), frameOf("shut", 600)];
    expect(replay(frames).changes).toEqual([]);
  });

  it("goes by the camera's clock where it is told to", () => {
    const frames = seriesOf([...open3, ...shut3]).map((frame, i) => ({
      ...frame,
      at: noon + i * 60_000,
      arrivedAt: noon + i,
    }));
    const { changes } = replay(frames, cameraConfig({ clock: "camera", offlineSeconds: 600 }));
    expect(changes).toMatchObject([{ at: noon + 5 * 60_000, previousSince: noon + 2 * 60_000 }]);
  });

  it("never tells a change to the state that it is, and tells each from where the last one led", () => {
    fc.assert(
      fc.property(labelsArbitrary, (labels) => {
        const { state, changes } = replay(seriesOf(labels));
        const states = changes.flatMap((change) => (change.kind === "state" ? [change] : []));
        let label: string | null = states[0]?.previous ?? state.label;
        for (const change of states) {
          expect(change.previous).toBe(label);
          expect(change.label).not.toBe(label);
          label = change.label;
        }
        expect(state.label).toBe(label);
      }),
    );
  });

  it("follows any label that all of n frames show, whatever was before", () => {
    fc.assert(
      fc.property(labelsArbitrary, fc.constantFrom("open", "shut"), (before, label) => {
        const { state } = replay(seriesOf([...before, label, label, label, label, label]));
        expect(state.label).toBe(label);
      }),
    );
  });

  it("ignores any single frame within a steady state", () => {
    fc.assert(
      fc.property(
        labelArbitrary,
        fc.nat(3),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (odd, k, probability) => {
          const config = cameraConfig({ vote: { k: 2 + k, n: 5 } });
          const steady = ["open", "open", "open", "open", "open"];
          const frames = [...seriesOf(steady), frameOf(odd, 5, { probability }), ...seriesOf(steady, 6)];
          expect(replay(frames, config).changes).toEqual([]);
        },
      ),
    );
  });

  it("keeps no more than n votes, and is the same from a copy of its memory", () => {
    fc.assert(
      fc.property(labelsArbitrary, labelsArbitrary, (first, second) => {
        const config = cameraConfig({ vote: { k: 2, n: 4 } });
        const half = replay(seriesOf(first), config);
        const copy: typeof half.state = JSON.parse(JSON.stringify(half.state));
        const rest = seriesOf(second, first.length);
        expect(replay(rest, config, copy)).toEqual(replay(rest, config, half.state));
        expect(half.state.votes.length).toBeLessThanOrEqual(4);
      }),
    );
  });
});

describe("checkSilence", () => {
  it("tells once that a camera is offline, and the next frame that it is back", () => {
    const { state } = replay(seriesOf(open3));
    const config = cameraConfig({ offlineSeconds: 60 });
    expect(checkSilence(state, config, noon + 61_000).changes).toEqual([]);
    const silent = checkSilence(state, config, noon + 63_000);
    expect(silent.changes).toMatchObject([{ kind: "health", fault: "offline", active: true }]);
    expect(checkSilence(silent.state, config, noon + 99_000).changes).toEqual([]);
    const back = replay([frameOf("open", 100)], config, silent.state);
    expect(back.changes).toMatchObject([{ kind: "health", fault: "offline", active: false }]);
  });
});
