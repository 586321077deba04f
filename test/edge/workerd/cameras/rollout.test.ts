import { describe, expect, it } from "vitest";
import { rolloutShare } from "../../../../edge/model/rollout-share.ts";
import { defaultRolloutGuard, type Rollout } from "../../../../shared/contract/alias.ts";
import { defaultAlias } from "../../../../shared/contract/names.ts";
import { handMadeBundle, putAlias, putVersion } from "../../../fixtures/hand-made-bundle.ts";
import { pollMs } from "../open-edge.ts";
import { addCamera, openCamera, type TestCamera } from "./open-cameras.ts";

const canaryFraction = 0.5;

/** What each of some frames of a camera is called. */
async function namesFor(camera: TestCamera): Promise<(string | undefined)[]> {
  const names = [];
  for (let i = 0; i < 3; i++) names.push((await camera.see("red")).frames[0]?.predictions?.[0]?.label);
  return names;
}

describe("a rollout", () => {
  it("gives a canary to the same cameras with every frame, whatever they share", async () => {
    const first = await openCamera();
    const { edge, site } = first;
    const stable = await handMadeBundle({ model: edge.model });
    const candidate = await handMadeBundle({ model: edge.model, seed: 2, labels: ["rot", "grün", "blau"] });
    await putVersion(edge.store, candidate);
    const rollout: Rollout = {
      version: candidate.manifest.version,
      manifestSha256: candidate.manifestSha256,
      canaryFraction,
      shadow: false,
      startedAt: "2060-01-31T00:00:00Z",
      guard: defaultRolloutGuard,
    };
    await putAlias(edge.store, stable, defaultAlias, { rollout });
    edge.advance(pollMs);
    // the first looks at the alias, the second loads what it tries
    await namesFor(first);

    const told: string[] = [];
    for (let i = 0; i < 24; i++) {
      const camera = await addCamera(edge, site, `camera-${i}`);
      const share = rolloutShare(`camera ${camera.id}`, edge.model, defaultAlias, rollout.version);
      const name = share < canaryFraction ? "rot" : "red";
      expect(await namesFor(camera)).toEqual([name, name, name]);
      told.push(name);
    }
    expect(new Set(told).size).toBe(2);
  });
});
