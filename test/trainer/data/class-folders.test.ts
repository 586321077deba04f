import { describe, it } from "vitest";
import { findClassFolders, type ClassFolders } from "../../../trainer/data/class-folders.ts";
import type { FileTree } from "../../../trainer/data/file-tree.ts";

describe("findClassFolders", () => {
  it("takes the folders of a tree as classes, in the order of their bytes", ({ expect }) => {
    const { labels, files } = find("b/1.jpg", "a/2.jpg", "Z/3.jpg");
    expect(labels).toEqual(["Z", "a", "b"]);
    expect(files.map((file) => file.label)).toEqual(["b", "a", "Z"]);
  });

  it("passes folders that only wrap another", ({ expect }) => {
    const { labels, files } = find("photos/2026/ants/1.jpg", "photos/2026/bees/2.jpg");
    expect(labels).toEqual(["ants", "bees"]);
    expect(files.map((file) => file.givenSplit)).toEqual([null, null]);
  });

  it("passes a lone train folder, which leaves all splits to be drawn", ({ expect }) => {
    const { labels, files } = find("train/ants/1.jpg", "train/bees/2.jpg");
    expect(labels).toEqual(["ants", "bees"]);
    expect(files.map((file) => file.givenSplit)).toEqual([null, null]);
  });

  it("takes images of deeper folders for the class above them", ({ expect }) => {
    const { labels, files } = find("ants/monday/1.jpg", "ants/2.jpg", "bees/3.jpg");
    expect(labels).toEqual(["ants", "bees"]);
    expect(files.map((file) => file.label)).toEqual(["ants", "ants", "bees"]);
  });

  it("honours train, val and test folders", ({ expect }) => {
    const { labels, files } = find("data/train/a/1", "data/Valid/a/2", "data/test/b/3", "data/train/b/4");
    expect(labels).toEqual(["a", "b"]);
    expect(files.map((file) => file.givenSplit)).toEqual(["train", "validation", "test", "train"]);
  });

  it("takes val for the test split where there is no test folder", ({ expect }) => {
    const { files } = find("train/a/1", "train/b/2", "val/a/3", "val/b/4");
    expect(files.map((file) => file.givenSplit)).toEqual(["train", "train", "test", "test"]);
  });

  it("takes train and test for classes where other folders stand beside them", ({ expect }) => {
    const { labels } = find("train/a/1", "test/a/2", "bus/a/3");
    expect(labels).toEqual(["bus", "test", "train"]);
  });

  it("takes train and test for classes where images lie right in them", ({ expect }) => {
    expect(find("train/1.jpg", "test/2.jpg").labels).toEqual(["test", "train"]);
  });

  it("lists files beside the class folders", ({ expect }) => {
    const { skipped } = find("README.md", "a/1", "b/2");
    expect(skipped).toEqual([
      { path: "README.md", code: "invalid_dataset", reason: "lies in no class folder" },
    ]);
  });

  it("gives a name one form, whichever the file system keeps", ({ expect }) => {
    const { labels, files } = find("Größe/1", "a/2");
    expect(labels).toEqual(["Größe", "a"].map((label) => label.normalize("NFC")).toSorted());
    expect(files[0]?.label).toBe("Größe".normalize("NFC"));
  });

  it.for([
    ["no folder", ["1.jpg"], "no folder of images"],
    ["one class", ["cats/1.jpg", "cats/2.jpg"], "one folder, cats"],
    ["one class inside train", ["train/cats/1.jpg"], "one folder, cats"],
    ["names that differ by case only", ["Cat/1.jpg", "cat/2.jpg"], "Cat and cat differ by case only"],
  ] as const)("rejects %s", ([, paths, message], { expect }) => {
    expect(() => find(...paths)).toThrowError(
      expect.objectContaining({ code: "invalid_dataset", message: expect.stringContaining(message) }),
    );
  });
});

function find(...paths: readonly string[]): ClassFolders {
  return findClassFolders(treeOf(paths));
}

function treeOf(paths: readonly string[]): FileTree {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) folders.add(parts.slice(0, depth).join("/"));
  }
  const files = paths.map((path) => ({ path, range: { file: `/data/${path}`, offset: 0, bytes: 1 } }));
  return { folders: [...folders], files };
}
