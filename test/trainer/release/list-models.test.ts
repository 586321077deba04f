import { beforeEach, describe, expect, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { listModels } from "../../../trainer/release/list-models.ts";
import { fixtureModel, fixtureVersion } from "./fixture-version.ts";
import { move, publishAndPromote } from "./publisher.ts";

const versionOf = (number: number): string => fixtureVersion(number).manifest.version;
const keyOf = (number: number, file: string): string =>
  objectKeys.versionFile(fixtureModel, versionOf(number), file);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("listModels", () => {
  let store: ObjectStore;

  beforeEach(async () => {
    store = createMemoryStore();
    await publishAndPromote(store, 1);
    await publishAndPromote(store, 2);
  });

  const reasonOf = async (number: number): Promise<string | undefined> => {
    const [model] = await listModels(store);
    const version = model?.versions.find((entry) => entry.version === versionOf(number));
    return version?.usable === false ? version.reason : undefined;
  };

  it("lists versions newest first, with their sizes and aliases", async () => {
    const [model, ...others] = await listModels(store);
    expect(others).toEqual([]);
    expect(model?.model).toBe(fixtureModel);
    expect(model?.versions.map((version) => version.version)).toEqual([versionOf(2), versionOf(1)]);
    expect(model?.versions.every((version) => version.usable && version.sizeBytes > 1000)).toBe(true);
    expect(model?.aliases).toMatchObject([
      { alias: move.alias, usable: true, record: { version: versionOf(2) } },
    ]);
  });

  it("lists nothing in an empty store, and only the model that was named", async () => {
    expect(await listModels(createMemoryStore())).toEqual([]);
    expect(await listModels(store, "others")).toEqual([]);
    expect(await listModels(store, fixtureModel)).toHaveLength(1);
  });

  it("does not take a model for another whose name it begins with", async () => {
    expect(await listModels(store, fixtureModel.slice(0, -1))).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ["the manifest is missing", () => store.delete(keyOf(2, "manifest.json")), /did not finish/],
    ["a file is missing", () => store.delete(keyOf(2, "card.md")), /file card\.md is missing/],
    ["a file has another size", () => store.put(keyOf(2, "card.md"), bytes("x")), /card\.md has 1 bytes/],
    ["the manifest is no JSON", () => store.put(keyOf(2, "manifest.json"), bytes("x")), /is not JSON/],
    [
      "the manifest is that of another version",
      async () => {
        const other = await store.get(keyOf(1, "manifest.json"));
        if (other.kind === "found") await store.put(keyOf(2, "manifest.json"), other.bytes);
      },
      /is that of version/,
    ],
  ])("says why a version is not usable when %s, and so its alias", async (_, damage, reason) => {
    await damage();
    expect(await reasonOf(2)).toMatch(reason);
    expect(await reasonOf(1)).toBeUndefined();
    const [model] = await listModels(store);
    expect(model?.aliases).toMatchObject([{ usable: false }]);
  });

  it("says why an alias is not usable when its record is none", async () => {
    await store.put(objectKeys.alias(fixtureModel, move.alias), bytes("{}"));
    const [model] = await listModels(store);
    expect(model?.aliases).toMatchObject([{ alias: move.alias, usable: false }]);
  });

  it("passes over keys that are not ours", async () => {
    await store.put(`models/${fixtureModel}/notes.txt`, bytes("x"));
    await store.put(keyOf(2, "deeper/file"), bytes("x"));
    await store.put("models/UPPER/versions/odd/file", bytes("x"));
    const models = await listModels(store);
    expect(
      models.find((model) => model.model === fixtureModel)?.versions.every((version) => version.usable),
    ).toBe(true);
    expect(models.find((model) => model.model === "UPPER")?.versions).toMatchObject([{ usable: false }]);
  });
});
