import { beforeEach, describe, expect, it } from "vitest";
import { createFeedbackMirror } from "../../../shared/store/feedback-mirror.ts";
import { listAll } from "../../../shared/store/list-all.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";

const folder = "feedback/gate/2026-01-31/";

async function put(store: ObjectStore, name: string, text: string): Promise<void> {
  await store.put(folder + name, new TextEncoder().encode(text));
}

async function contents(store: ObjectStore): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { key } of listAll(store, "")) {
    const object = await store.get(key);
    if (object.kind === "found") found[key.replace(folder, "")] = new TextDecoder().decode(object.bytes);
  }
  return found;
}

describe("feedback in a bucket that does not last", () => {
  let record: ObjectStore;
  let served: ObjectStore;
  let mirror: () => Promise<number>;

  beforeEach(async () => {
    record = createMemoryStore();
    served = createMemoryStore();
    await put(record, "a.json", "old");
    await put(record, "b.json", "old");
    mirror = createFeedbackMirror(served, record);
    await mirror();
  });

  it("begins with what the record has", async () => {
    expect(await contents(served)).toEqual({ "a.json": "old", "b.json": "old" });
  });

  it("brings back what is new, changed and deleted, and nothing twice", async () => {
    await put(served, "a.json", "new");
    await put(served, "c.jpg", "new");
    await served.delete(`${folder}b.json`);

    expect(await mirror()).toBe(3);
    expect(await contents(record)).toEqual({ "a.json": "new", "c.jpg": "new" });
    expect(await mirror()).toBe(0);
  });

  it("leaves everything else alone", async () => {
    await record.put("models/gate/aliases/champion.json", new Uint8Array(1));
    await served.put("idempotency/x.json", new Uint8Array(1));
    await mirror();

    expect(Object.keys(await contents(record))).toEqual([
      "a.json",
      "b.json",
      "models/gate/aliases/champion.json",
    ]);
  });
});
