import { open } from "node:fs/promises";
import { AppError } from "../../shared/contract/errors.ts";

/** Where the bytes of a file lie: the whole of a plain file, or a part of a pack. */
export interface FileRange {
  /** Absolute path on disk. */
  readonly file: string;
  /** Bytes from the start of `file`. */
  readonly offset: number;
  readonly bytes: number;
}

/** One file of a tree. */
export interface TreeFile {
  /** Relative to the tree's root, `/`-separated. */
  readonly path: string;
  readonly range: FileRange;
}

/** The files below a folder or in an archive, junk that operating systems leave excepted. */
export interface FileTree {
  /** Every folder, empty ones too, relative, without trailing slash. */
  readonly folders: readonly string[];
  readonly files: readonly TreeFile[];
}

/** Reads the bytes of a file of a tree. @throws when the file is gone or shorter than it was */
export async function readRange(range: FileRange): Promise<Uint8Array> {
  const bytes = new Uint8Array(range.bytes);
  const file = await open(range.file, "r");
  try {
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, range.offset + filled);
      if (bytesRead === 0) {
        throw new AppError(
          "invalid_dataset",
          `${range.file} is shorter than it was; index the dataset again`,
        );
      }
      filled += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes;
}
