import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkSilence } from "../../../shared/camera/decide.ts";
import { cameraConfig, frameOf, noon, replay, seriesOf } from "./camera-fixtures.ts";

const open3 = ["open", "open", "open"];
const shut3 = ["shut", "shut", "shut"];
const labelArbitrary = fc.constantFrom("open", "shut", "person", null);
const labelsArbitrary = fc.array(labelArbitrary, { maxLength: 80 });

describe("the state of a camera", () => {
  it("is unknown until enough frames agree, which is told to nobody", () => {
    expect(replay(seriesOf(["open", "open"])).state.label).toBeNull();
    const { state, changes } = replay(seriesOf(open3));
    expect(state).toMatchObject({ label: "open", since: noon + 2000 });
    expect(changes).toEqual([]);
  });

  it("changes with the third frame of five, with the state before and since when it was", () => {
    const { changes } = replay(seriesOf([...open3, "shut", "open", "shut", "shut"]));
    expect(changes).toEqual([
      {
        kind: "state",
        at: noon + 6000,
        label: "shut",
        previous: "open",
        previousSince: noon + 2000,
        probability: expect.closeTo(0.95),
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
    const config = cameraConfig({ vote: { k: 3, n: 6 }, minProbability: 0.8, hysteresis: 0.3 });
    const unsureOpen = [3, 5, 7].map((second) => frameOf("open", second, { probability: 0.55 }));
    const shut = [4, 6, 8].map((second) => frameOf("shut", second));
    const mixed = [...unsureOpen, ...shut].toSorted((a, b) => a.arrivedAt - b.arrivedAt);
    expect(replay([...seriesOf(open3), ...mixed], config).changes).toEqual([]);
    const strict = cameraConfig({ vote: { k: 3, n: 6 }, minProbability: 0.8, hysteresis: 0 });
    expect(replay([...seriesOf(open3), ...mixed], strict).changes).toHaveLength(1);
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
