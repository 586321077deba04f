import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isKeyActive, keyIdOf } from "../../../shared/contract/keys.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { copyKeys } from "../../../shared/store/copy-keys.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "../../../trainer/auth/api-keys.ts";
import { createFileStore } from "../../../trainer/storage/file-store.ts";

const now = new Date("2026-01-31T00:00:00Z");
const app = { name: "shop app", scopes: ["classify" as const], now };
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-keys-"));
  store = createFileStore(folder);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function storedText(of: ObjectStore): Promise<string | null> {
  const object = await of.get(objectKeys.apiKeys());
  return object.kind === "found" ? new TextDecoder().decode(object.bytes) : null;
}

describe("API keys", () => {
  it("are kept by their digest only", async () => {
    const { key, record } = await createApiKey(store, { ...app, dailyQuota: 10 });

    expect(keyIdOf(key)).toBe(record.id);
    expect(await listApiKeys(store)).toEqual([record]);
    expect(record).toMatchObject({ name: "shop app", dailyQuota: 10, createdAt: now.toISOString() });
    expect(await storedText(store)).not.toContain(key.slice(12));
  });

  it("are all kept when ten are made at once, and differ", async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => createApiKey(store, app)));

    expect(new Set(made.map(({ key }) => key)).size).toBe(10);
    expect(await listApiKeys(store)).toHaveLength(10);
  });

  it("are revoked for good, at the first time they are", async () => {
    const { record } = await createApiKey(store, app);
    const revoked = await revokeApiKey(store, record.id, now);
    const again = await revokeApiKey(store, record.id, new Date("2027-01-01T00:00:00Z"));

    expect(isKeyActive(revoked, now.getTime())).toBe(false);
    expect(again.revokedAt).toBe(now.toISOString());
    await expect(revokeApiKey(store, "ffffffff", now)).rejects.toMatchObject({ code: "not_found" });
  });

  it("follow to another store, and are gone there when they are gone", async () => {
    const to = createMemoryStore();
    await createApiKey(store, app);

    expect(await copyKeys(store, to)).toBe(true);
    expect(await copyKeys(store, to)).toBe(false);
    expect(await storedText(to)).toBe(await storedText(store));
    await store.delete(objectKeys.apiKeys());
    expect(await copyKeys(store, to)).toBe(true);
    expect(await storedText(to)).toBeNull();
  });

  it("that are damaged are refused, and not copied over good ones", async () => {
    const to = createMemoryStore();
    await createApiKey(to, app);
    await store.put(objectKeys.apiKeys(), new TextEncoder().encode('{"schemaVersion":1}'));

    await expect(copyKeys(store, to)).rejects.toMatchObject({ code: "invalid_keys" });
    await expect(createApiKey(store, app)).rejects.toMatchObject({ code: "invalid_keys" });
    expect(await listApiKeys(to)).toHaveLength(1);
  });
});
