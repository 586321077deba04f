import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { readAlias } from "../../../trainer/release/alias.ts";
import { listModels } from "../../../trainer/release/list-models.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { checkVersion } from "../../../trainer/release/version-check.ts";
import { createFileStore } from "../../../trainer/storage/file-store.ts";
import { countedStore } from "./counted-store.ts";
import { fixtureModel, fixtureVersion } from "./fixture-version.ts";
import { move, publishAndPromote } from "./publisher.ts";

const versions = [0, 1, 2].map((number) => fixtureVersion(number).manifest.version);
const [, oldVersion, newVersion] = versions;

/** Whatever happened: the alias serves a whole version, and nothing half counts as usable. */
async function expectServing(store: ObjectStore): Promise<string> {
  const alias = await readAlias(store, fixtureModel, move.alias);
  const serving = alias?.record.version ?? "";
  expect([oldVersion, newVersion]).toContain(serving);
  expect((await checkVersion(store, fixtureModel, serving)).sha256).toBe(alias?.record.manifestSha256);
  const [model] = await listModels(store);
  expect(model?.aliases).toMatchObject([{ usable: true }]);
  for (const version of model?.versions ?? []) {
    if (version.usable) await checkVersion(store, fixtureModel, version.version);
  }
  return serving;
}

/** A rerun after the interruption ends where an undisturbed run would have. */
async function expectRecovered(store: ObjectStore): Promise<void> {
  const record = await publishAndPromote(store, 2);
  const undisturbed = createMemoryStore();
  await publishAndPromote(undisturbed, 1);
  expect(record).toEqual(await publishAndPromote(undisturbed, 2));
  expect(await expectServing(store)).toBe(newVersion);
}

/** The store calls of a publisher, in order: whether each writes. */
async function recordCalls(): Promise<boolean[]> {
  const store = createMemoryStore();
  await publishAndPromote(store, 1);
  const writes: boolean[] = [];
  const counted = countedStore(store, (number, operation) => {
    writes[number - 1] ??= false;
    return operation();
  });
  const recorded: ObjectStore = {
    ...counted,
    put: (...call) => {
      writes.push(true);
      return counted.put(...call);
    },
  };
  await publishAndPromote(recorded, 2);
  return writes;
}

describe("a publisher that is interrupted", () => {
  it.each(["before", "after"])(
    "keeps the old version serving when the store fails %s any call, and a rerun succeeds",
    async (moment) => {
      const { length: calls } = await recordCalls();
      expect(calls).toBeGreaterThan(8);
      for (let step = 1; step <= calls; step++) {
        const store = createMemoryStore();
        await publishAndPromote(store, 1);
        const failing = countedStore(store, async (number, operation) => {
          if (number === step && moment === "before") throw new Error("the store is gone");
          const result = await operation();
          if (number === step) throw new Error("the store is gone");
          return result;
        });
        await expect(publishAndPromote(failing, 2)).rejects.toThrow("the store is gone");
        const serving = await expectServing(store);
        expect(serving).toBe(step === calls && moment === "after" ? newVersion : oldVersion);
        await expectRecovered(store);
      }
    },
  );

  it("keeps the old version serving when it is killed at any call to a file store, and a rerun succeeds", async () => {
    const writes = await recordCalls();
    const root = await mkdtemp(join(tmpdir(), "edgewise-killed-"));
    try {
      // After a call is before the next one, and a read that is under way has changed nothing yet.
      const deaths = writes.flatMap((isWrite, i) =>
        ["before", ...(isWrite ? ["during"] : []), ...(i === writes.length - 1 ? ["after"] : [])].map(
          (moment) => ({ step: i + 1, moment }),
        ),
      );
      for (const { step, moment } of deaths) {
        const folder = join(root, `${step}-${moment}`);
        const store = createFileStore(folder);
        await publishAndPromote(store, 1);
        const script = new URL("killed-publisher.ts", import.meta.url).pathname;
        const child = spawn(process.execPath, [script, folder, String(step), moment], { stdio: "ignore" });
        const [, signal] = (await once(child, "exit")) as [number | null, string | null];
        expect(signal).toBe("SIGKILL");
        await expectServing(store);
        await expectRecovered(store);
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});

describe("publishVersion", () => {
  it("writes the manifest last", async () => {
    const store = createMemoryStore();
    const manifestKey = objectKeys.versionManifest(fixtureModel, oldVersion ?? "");
    const presence: boolean[] = [];
    const watched = countedStore(store, async (_, operation) => {
      presence.push((await store.head(manifestKey)) !== null);
      return operation();
    });
    await publishVersion(watched, fixtureVersion(1));
    expect(presence).toEqual([false, false, false, false]);
    expect(await store.head(manifestKey)).not.toBeNull();
  });

  it("changes nothing when it is repeated", async () => {
    const store = createMemoryStore();
    const first = await publishVersion(store, fixtureVersion(1));
    expect(first.kept).toBe(0);
    expect(await publishVersion(store, fixtureVersion(1))).toEqual({ ...first, kept: 4 });
  });

  it("refuses other bytes under the same version", async () => {
    const store = createMemoryStore();
    await publishVersion(store, fixtureVersion(1));
    const other = fixtureVersion(2);
    const version = { ...other, manifest: { ...other.manifest, version: oldVersion ?? "" } };
    await expect(publishVersion(store, version)).rejects.toSatisfy((error) =>
      isAppError(error, "already_exists"),
    );
  });

  it("refuses files that are not those of the manifest before it writes any", async () => {
    const store = createMemoryStore();
    const version = fixtureVersion(1);
    for (const files of [
      version.files.slice(1),
      [...version.files, { path: "more.bin", bytes: new Uint8Array(1) }],
      version.files.map((file) => ({ ...file, bytes: new TextEncoder().encode("other") })),
    ]) {
      await expect(publishVersion(store, { ...version, files })).rejects.toSatisfy((error) =>
        isAppError(error, "invalid_manifest"),
      );
    }
    expect((await store.list("")).objects).toEqual([]);
  });
});
