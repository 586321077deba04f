import { beforeEach, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { readAlias } from "../../../trainer/release/alias.ts";
import { listModels } from "../../../trainer/release/list-models.ts";
import { promote, rollback } from "../../../trainer/release/promote.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { fixtureModel, fixtureVersion } from "./fixture-version.ts";
import { move, publishAndPromote } from "./publisher.ts";

const versionOf = (number: number): string => fixtureVersion(number).manifest.version;
const shardKey = (number: number): string =>
  objectKeys.versionFile(fixtureModel, versionOf(number), "group1-shard1of1.bin");

async function currentVersion(store: ObjectStore): Promise<string | undefined> {
  return (await readAlias(store, fixtureModel, move.alias))?.record.version;
}

describe("promote", () => {
  let store: ObjectStore;

  beforeEach(async () => {
    store = createMemoryStore();
    await publishAndPromote(store, 1);
  });

  it("remembers the version served before", async () => {
    const record = await publishAndPromote(store, 2);
    expect(record).toMatchObject({ version: versionOf(2), previous: versionOf(1), by: "test" });
    expect((await readAlias(store, fixtureModel, move.alias))?.record).toEqual(record);
  });

  it("changes nothing when the version serves already", async () => {
    await publishAndPromote(store, 2);
    const before = await readAlias(store, fixtureModel, move.alias);
    await publishAndPromote(store, 2);
    expect(await readAlias(store, fixtureModel, move.alias)).toEqual(before);
  });

  it("lets 8 promoters at once succeed one after the other, each seeing the one before", async () => {
    const numbers = Array.from({ length: 8 }, (_, i) => i + 2);
    for (const number of numbers) await publishVersion(store, fixtureVersion(number));
    const records = await Promise.all(
      numbers.map((number) => promote(store, { ...move, version: versionOf(number) })),
    );
    const previous = records.map((record) => record.previous);
    const served = [versionOf(1), ...records.map((record) => record.version)];
    const last = await currentVersion(store);
    expect(new Set(previous).size).toBe(8);
    expect(new Set([...previous, last])).toEqual(new Set(served));
  });

  it.each([
    ["was never published", "not_found", async () => undefined],
    [
      "has no manifest",
      "not_found",
      async (target: ObjectStore) => target.delete(objectKeys.versionManifest(fixtureModel, versionOf(2))),
    ],
    ["misses a file", "integrity_mismatch", async (target: ObjectStore) => target.delete(shardKey(2))],
    [
      "has a changed file",
      "integrity_mismatch",
      async (target: ObjectStore) => {
        const bytes = fixtureVersion(2).files[1]?.bytes.slice() ?? new Uint8Array();
        bytes[0] = 1;
        await target.put(shardKey(2), bytes);
      },
    ],
    [
      "has a manifest that is not one",
      "invalid_manifest",
      async (target: ObjectStore) => {
        await target.put(
          objectKeys.versionManifest(fixtureModel, versionOf(2)),
          new TextEncoder().encode("{}"),
        );
      },
    ],
  ] as const)("refuses a version that %s and leaves the alias alone", async (reason, code, damage) => {
    if (reason !== "was never published") await publishVersion(store, fixtureVersion(2));
    await damage(store);
    await expect(promote(store, { ...move, version: versionOf(2) })).rejects.toSatisfy((error) =>
      isAppError(error, code),
    );
    expect(await currentVersion(store)).toBe(versionOf(1));
    const [model] = await listModels(store);
    // A changed byte keeps the size; listing leaves digests to promotion.
    const usable = model?.versions.filter((version) => version.usable).map((version) => version.version);
    expect(usable).toEqual(reason === "has a changed file" ? [versionOf(2), versionOf(1)] : [versionOf(1)]);
  });

  it("rejects names that cannot be keys", async () => {
    for (const wrong of [{ model: "../x" }, { alias: "A/B" }, { version: "latest" }]) {
      await expect(promote(store, { ...move, version: versionOf(1), ...wrong })).rejects.toSatisfy((error) =>
        isAppError(error, "invalid_argument"),
      );
    }
  });

  it("gives up when others move the alias at every attempt", async () => {
    await publishVersion(store, fixtureVersion(2));
    let attempts = 0;
    const contested: ObjectStore = {
      ...bind(store),
      put: async (key, bytes, options) => {
        attempts++;
        const current = await store.get(key);
        if (current.kind === "found") await store.put(key, new Uint8Array([...current.bytes, 32]));
        return store.put(key, bytes, options);
      },
    };
    await expect(promote(contested, { ...move, version: versionOf(2) })).rejects.toSatisfy((error) =>
      isAppError(error, "precondition_failed"),
    );
    expect(attempts).toBe(32);
    expect(await currentVersion(store)).toBe(versionOf(1));
  });
});

describe("rollback", () => {
  let store: ObjectStore;

  beforeEach(async () => {
    store = createMemoryStore();
    await publishAndPromote(store, 1);
    await publishAndPromote(store, 2);
  });

  it("returns to the previous version, and back again", async () => {
    expect(await rollback(store, move)).toMatchObject({ version: versionOf(1), previous: versionOf(2) });
    expect(await rollback(store, move)).toMatchObject({ version: versionOf(2), previous: versionOf(1) });
  });

  it("refuses when the previous version is not whole any more", async () => {
    await store.delete(shardKey(1));
    await expect(rollback(store, move)).rejects.toSatisfy((error) => isAppError(error, "integrity_mismatch"));
    expect(await currentVersion(store)).toBe(versionOf(2));
  });

  it("refuses to undo a promotion that came in between", async () => {
    let interfered = false;
    const raced: ObjectStore = {
      ...bind(store),
      put: async (key, bytes, options) => {
        if (!interfered) {
          interfered = true;
          await publishAndPromote(store, 3);
        }
        return store.put(key, bytes, options);
      },
    };
    await expect(rollback(raced, move)).rejects.toSatisfy((error) =>
      isAppError(error, "precondition_failed"),
    );
    expect(await currentVersion(store)).toBe(versionOf(3));
  });

  it("refuses without an alias and without a previous version", async () => {
    const fresh = createMemoryStore();
    await expect(rollback(fresh, move)).rejects.toSatisfy((error) => isAppError(error, "not_found"));
    await publishAndPromote(fresh, 1);
    await expect(rollback(fresh, move)).rejects.toSatisfy((error) => isAppError(error, "not_found"));
  });
});

/** The store's operations as plain functions, so that single ones can be replaced. */
function bind(store: ObjectStore): ObjectStore {
  return {
    get: (key, options) => store.get(key, options),
    head: (key) => store.head(key),
    put: (key, bytes, options) => store.put(key, bytes, options),
    list: (prefix, options) => store.list(prefix, options),
    delete: (key) => store.delete(key),
  };
}
