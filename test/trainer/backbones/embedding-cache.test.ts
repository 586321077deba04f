import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { openEmbeddingCache } from "../../../trainer/backbones/embedding-cache.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-features-"));
});
afterEach(() => rm(folder, { recursive: true }));

const kind = { backbone: "tiny" };
const key = (digit: string): string => digit.repeat(64);
const open = () => openEmbeddingCache(folder, kind, 3);

async function cachePath(): Promise<string> {
  const [name = ""] = await readdir(folder);
  return join(folder, name);
}

describe("the cache of features", () => {
  it("gives back to the bit what was saved", async ({ expect }) => {
    const cache = await open();
    cache.add(key("a"), Float32Array.of(0.1, -2, 3e-40));
    await cache.save();
    expect((await open()).find(key("a"))).toEqual(Float32Array.of(0.1, -2, 3e-40));
    expect((await open()).find(key("b"))).toBeUndefined();
  });

  it("keeps what others saved meanwhile", async ({ expect }) => {
    const [first, second] = [await open(), await open()];
    first.add(key("a"), Float32Array.of(1, 2, 3));
    await first.save();
    second.add(key("b"), Float32Array.of(4, 5, 6));
    await second.save();
    const read = await open();
    expect([read.find(key("a")), read.find(key("b"))]).toEqual([
      Float32Array.of(1, 2, 3),
      Float32Array.of(4, 5, 6),
    ]);
  });

  it("has nothing of another kind", async ({ expect }) => {
    const cache = await open();
    cache.add(key("a"), Float32Array.of(1, 2, 3));
    await cache.save();
    const other = await openEmbeddingCache(folder, { backbone: "other" }, 3);
    expect(other.find(key("a"))).toBeUndefined();
  });

  it("forgets a file with a byte that differs", async ({ expect }) => {
    const cache = await open();
    cache.add(key("a"), Float32Array.of(1, 2, 3));
    await cache.save();
    const bytes = await readFile(await cachePath());
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    await writeFile(await cachePath(), bytes);
    expect((await open()).find(key("a"))).toBeUndefined();
  });
});
