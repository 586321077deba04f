import { beforeEach, describe, expect, it } from "vitest";
import {
  type AliasRecord,
  defaultRolloutGuard,
  endRollout,
  parseAliasRecord,
  serializeAliasRecord,
} from "../../../shared/contract/alias.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { carryBackRollbacks } from "../../../shared/store/carry-back.ts";
import { copyModels } from "../../../shared/store/copy-models.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { type HandMadeBundle, handMadeBundle, putVersion } from "../../fixtures/hand-made-bundle.ts";

const key = objectKeys.alias("default", "champion");
const end = { reason: "it knew nothing", at: "2026-02-03T00:00:00Z", by: "worker" };

function recordOf(stable: HandMadeBundle, candidate: HandMadeBundle): AliasRecord {
  return {
    schemaVersion: 1,
    model: "default",
    alias: "champion",
    version: stable.manifest.version,
    manifestSha256: stable.manifestSha256,
    previous: null,
    rollout: {
      version: candidate.manifest.version,
      manifestSha256: candidate.manifestSha256,
      canaryFraction: 0.5,
      shadow: false,
      startedAt: "2026-02-02T00:00:00Z",
      guard: defaultRolloutGuard,
    },
    promotedAt: "2026-02-01T00:00:00Z",
    by: "test",
  };
}

async function read(store: ObjectStore): Promise<AliasRecord> {
  const object = await store.get(key);
  if (object.kind !== "found") throw new Error("no alias");
  return parseAliasRecord(object.bytes, "alias");
}

async function write(store: ObjectStore, alias: AliasRecord): Promise<void> {
  await store.put(key, serializeAliasRecord(alias));
}

describe("a rollback that a Worker decided", () => {
  let record: ObjectStore;
  let served: ObjectStore;
  let ongoing: AliasRecord;
  beforeEach(async () => {
    record = createMemoryStore();
    served = createMemoryStore();
    const [stable, candidate] = await Promise.all([1, 2].map((seed) => handMadeBundle({ seed })));
    if (stable === undefined || candidate === undefined) throw new Error("no bundle");
    await putVersion(record, stable);
    await putVersion(record, candidate);
    ongoing = recordOf(stable, candidate);
    await write(record, ongoing);
    await copyModels(record, served);
    await write(served, endRollout(ongoing, end));
  });

  it("comes back to the record, and both say the same", async () => {
    const carried = await carryBackRollbacks(served, record);
    await copyModels(record, served);

    expect(carried.map(({ lastRollback }) => lastRollback?.reason)).toEqual(["it knew nothing"]);
    expect(await read(record)).toEqual(endRollout(ongoing, end));
    expect(await read(served)).toEqual(await read(record));
    expect(await carryBackRollbacks(served, record)).toEqual([]);
  });

  it("is not written over by a copy that comes before it was brought back", async () => {
    await copyModels(record, served);

    expect((await read(served)).rollout).toBeUndefined();
  });

  it("leaves alone a rollout that was started anew meanwhile, which the copy then brings", async () => {
    if (ongoing.rollout === undefined) throw new Error("no rollout");
    const anew = { ...ongoing, rollout: { ...ongoing.rollout, startedAt: "2026-02-04T00:00:00Z" } };
    await write(record, anew);

    expect(await carryBackRollbacks(served, record)).toEqual([]);
    await copyModels(record, served);
    expect(await read(served)).toEqual(anew);
  });

  it("leaves alone a record that somebody moves at that moment", async () => {
    const { rollout: _, ...promoted } = ongoing;
    const racing: ObjectStore = {
      get: async (name, options) => {
        const object = await record.get(name, options);
        await write(record, promoted);
        return object;
      },
      head: (name) => record.head(name),
      put: (name, bytes, options) => record.put(name, bytes, options),
      list: (prefix, options) => record.list(prefix, options),
      delete: (name) => record.delete(name),
    };

    expect(await carryBackRollbacks(served, racing)).toEqual([]);
    expect(await read(record)).toEqual(promoted);
  });
});
