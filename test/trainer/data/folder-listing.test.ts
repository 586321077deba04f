import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { listFolder } from "../../../trainer/data/folder-listing.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewise-listing-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("listFolder", () => {
  it("lists folders and files in the order of their paths, junk excepted", async ({ expect }) => {
    await mkdir(join(root, "b", "deep"), { recursive: true });
    await mkdir(join(root, "a"));
    for (const path of ["b/deep/2.jpg", "b/1.jpg", "a/.DS_Store", "Thumbs.db"])
      await writeFile(join(root, path), "xy");
    const { folders, files } = await listFolder(root);
    expect(folders).toEqual(["a", "b", "b/deep"]);
    expect(files.map(({ path, range }) => [path, range.bytes])).toEqual([
      ["b/1.jpg", 2],
      ["b/deep/2.jpg", 2],
    ]);
  });

  it("follows links, and a loop of them once", async ({ expect }) => {
    await mkdir(join(root, "a"));
    await writeFile(join(root, "a", "1.jpg"), "");
    await symlink(root, join(root, "a", "again"));
    await symlink(join(root, "a"), join(root, "b"));
    const { files } = await listFolder(root);
    expect(files.map(({ path }) => path)).toEqual(["a/1.jpg"]);
  });

  it("rejects a folder that cannot be read, naming it", async ({ expect }) => {
    // A file where a folder was expected fails as a folder without permission does, also for an administrator.
    await writeFile(join(root, "file"), "");
    await expect(listFolder(join(root, "file"))).rejects.toMatchObject({
      code: "invalid_dataset",
      message: expect.stringContaining(join(root, "file")),
    });
  });
});
