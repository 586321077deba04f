import { beforeEach, describe, expect, it } from "vitest";
import { type AliasRecord, defaultRolloutGuard } from "../../../shared/contract/alias.ts";
import { isAppError } from "../../../shared/contract/errors.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { readAlias } from "../../../trainer/release/alias.ts";
import { promote } from "../../../trainer/release/promote.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { finishRollout, startRollout, takeBack } from "../../../trainer/release/rollout.ts";
import { fixtureModel, fixtureVersion } from "./fixture-version.ts";
import { move, publishAndPromote } from "./publisher.ts";

const versionOf = (number: number): string => fixtureVersion(number).manifest.version;
const shares = { canaryFraction: 0.1, shadow: true, guard: defaultRolloutGuard };

describe("a rollout", () => {
  let store: ObjectStore;

  beforeEach(async () => {
    store = createMemoryStore();
    await publishAndPromote(store, 1);
    await publishVersion(store, fixtureVersion(2));
  });

  const current = async (): Promise<AliasRecord | undefined> =>
    (await readAlias(store, fixtureModel, move.alias))?.record;

  it("leaves the version that serves where it is", async () => {
    const record = await startRollout(store, { ...move, ...shares, version: versionOf(2) });

    expect(record).toMatchObject({
      version: versionOf(1),
      rollout: { version: versionOf(2), canaryFraction: 0.1, shadow: true },
    });
    expect(await current()).toEqual(record);
  });

  it("stays the same rollout when its shares change, and is another when it begins anew", async () => {
    const { rollout: first } = await startRollout(store, { ...move, ...shares, version: versionOf(2) });
    const later = { ...move, now: () => new Date("2026-02-02T00:00:00.000Z") };
    const { rollout: second } = await startRollout(store, {
      ...later,
      ...shares,
      canaryFraction: 0.5,
      version: versionOf(2),
    });
    expect(second).toEqual({ ...first, canaryFraction: 0.5 });

    await takeBack(store, later);
    const { rollout: third } = await startRollout(store, { ...later, ...shares, version: versionOf(2) });
    expect(third?.startedAt).toBe("2026-02-02T00:00:00.000Z");
  });

  it("ends in a promotion", async () => {
    await startRollout(store, { ...move, ...shares, version: versionOf(2) });
    const record = await finishRollout(store, move);

    expect(record).toMatchObject({ version: versionOf(2), previous: versionOf(1) });
    expect(record).not.toHaveProperty("rollout");
  });

  it("is taken back before the version that serves is", async () => {
    await publishAndPromote(store, 2);
    await publishVersion(store, fixtureVersion(3));
    await startRollout(store, { ...move, ...shares, version: versionOf(3) });

    const ended = await takeBack(store, move);
    expect(ended).toMatchObject({
      version: versionOf(2),
      lastRollback: { version: versionOf(3), reason: "taken back by hand", by: "test" },
    });
    expect(ended).not.toHaveProperty("rollout");
    expect(await takeBack(store, move)).toMatchObject({ version: versionOf(1), previous: versionOf(2) });
  });

  it("ends when the version that serves is promoted anew, which stays the one it came from", async () => {
    await publishAndPromote(store, 2);
    await publishVersion(store, fixtureVersion(3));
    await startRollout(store, { ...move, ...shares, version: versionOf(3) });
    const record = await promote(store, { ...move, version: versionOf(2) });

    expect(record).toMatchObject({ version: versionOf(2), previous: versionOf(1) });
    expect(record).not.toHaveProperty("rollout");
  });

  it("rejects the version that serves already, and one that is not there", async () => {
    const code = async (version: string, from = store): Promise<string> => {
      const error: unknown = await startRollout(from, { ...move, ...shares, version }).catch(
        (reason) => reason,
      );
      return isAppError(error) ? error.code : String(error);
    };

    expect(await code(versionOf(1))).toBe("invalid_argument");
    expect(await code(versionOf(9))).toBe("not_found");
    const empty = createMemoryStore();
    await publishVersion(empty, fixtureVersion(2));
    expect(await code(versionOf(2), empty)).toBe("not_found");
    await expect(finishRollout(store, move)).rejects.toMatchObject({ code: "not_found" });
  });
});
