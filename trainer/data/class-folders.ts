import { AppError, type ErrorCode } from "../../shared/contract/errors.ts";
import type { Split } from "../../shared/contract/dataset.ts";
import { compareKeys } from "../../shared/store/object-key.ts";
import type { FileTree, TreeFile } from "./file-tree.ts";

/** A file in a class folder; whether it is an image shows when it is decoded. */
export interface LabelledFile extends TreeFile {
  readonly label: string;
  /** The split whose folder it lies in, `null` where the dataset has no such folders. */
  readonly givenSplit: GivenSplit | null;
}

/** A split that a dataset's own folders can tell. */
export type GivenSplit = Exclude<Split, "calibration">;

/** A file that is left out, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** The class folders of a tree. */
export interface ClassFolders {
  /** Sorted by their UTF-8 bytes: the order of class indices. */
  readonly labels: readonly string[];
  readonly files: readonly LabelledFile[];
  /** Files that lie beside the class folders. */
  readonly skipped: readonly SkippedFile[];
}

const splitNames: ReadonlyMap<string, GivenSplit> = new Map([
  ["train", "train"],
  ["training", "train"],
  ["val", "validation"],
  ["valid", "validation"],
  ["validation", "validation"],
  ["test", "test"],
  ["testing", "test"],
]);

/**
 * Finds the level of a tree at which its folders are classes.
 * Folders that only wrap one other are passed. Where the folders there are called train, val and test, the classes are
 * one level deeper and the test folder is the test split; a lone val folder beside train is it, too.
 * @throws {AppError} invalid_dataset for fewer than two classes or names that differ by case only
 */
export function findClassFolders(tree: FileTree): ClassFolders {
  const level = classLevel(tree);
  const roots = splitRoots(tree, level);
  const byLabel = new Map<string, string>();
  for (const { prefix } of roots) {
    for (const name of childFolders(tree, prefix)) byLabel.set(name.normalize("NFC"), name);
  }
  const labels = [...byLabel.keys()].toSorted(compareKeys);
  checkLabels(labels);

  const files: LabelledFile[] = [];
  const skipped: SkippedFile[] = [];
  for (const file of tree.files) {
    const root = roots.find(({ prefix }) => file.path.startsWith(prefix));
    const inside = root === undefined ? "" : file.path.slice(root.prefix.length);
    const slash = inside.indexOf("/");
    if (root === undefined || slash < 0) {
      skipped.push({ path: file.path, code: "invalid_dataset", reason: "lies in no class folder" });
    } else {
      files.push({ ...file, label: inside.slice(0, slash).normalize("NFC"), givenSplit: root.split });
    }
  }
  return { labels, files, skipped };
}

/** Prefix of the paths below the last folder that only wraps another, `""` for the root. */
function classLevel(tree: FileTree): string {
  let prefix = "";
  for (;;) {
    const [only, ...others] = childFolders(tree, prefix);
    if (only === undefined || others.length > 0) return prefix;
    const inner = `${prefix}${only}/`;
    // A folder without folders below is a class, if a lonely one.
    if (childFolders(tree, inner).length === 0) return prefix;
    prefix = inner;
  }
}

interface SplitRoot {
  readonly prefix: string;
  readonly split: GivenSplit | null;
}

function splitRoots(tree: FileTree, level: string): SplitRoot[] {
  const names = childFolders(tree, level);
  const given = names.map((name) => splitNames.get(name.toLowerCase()));
  const haveClasses = names.every((name) => childFolders(tree, `${level}${name}/`).length > 0);
  const isLayout = given.includes("train") && given.every((split) => split !== undefined) && haveClasses;
  if (!isLayout) return [{ prefix: level, split: null }];
  const hasTest = given.includes("test");
  return names.map((name, i) => {
    const split = given[i] ?? "train";
    return {
      prefix: `${level}${name}/`,
      split: split === "validation" && !hasTest ? "test" : split,
    };
  });
}

function childFolders(tree: FileTree, prefix: string): string[] {
  return tree.folders
    .filter((folder) => folder.startsWith(prefix) && !folder.slice(prefix.length).includes("/"))
    .map((folder) => folder.slice(prefix.length));
}

function checkLabels(labels: readonly string[]): void {
  if (labels.length < 2) {
    const got = labels.length === 0 ? "no folder of images" : `one folder, ${labels[0]}`;
    throw new AppError(
      "invalid_dataset",
      `the dataset has ${got}; make one folder for each class, at least two, and put its images there`,
    );
  }
  const byLowerCase = new Map<string, string>();
  for (const label of labels) {
    const twin = byLowerCase.get(label.toLowerCase());
    if (twin !== undefined) {
      throw new AppError(
        "invalid_dataset",
        `the class folders ${twin} and ${label} differ by case only; merge them or rename one`,
      );
    }
    byLowerCase.set(label.toLowerCase(), label);
  }
}
