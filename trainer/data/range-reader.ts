import { closeSync, openSync, readSync } from "node:fs";
import { AppError } from "../../shared/contract/errors.ts";
import type { FileRange } from "./file-tree.ts";

/** Reads ranges of files, keeping the last file open: the ranges of a pack follow one another. */
export interface RangeReader {
  /** The bytes of a range. @throws when the file is gone, not readable or shorter than it was */
  read(range: FileRange): Uint8Array;
  /** Closes the file that is open. */
  close(): void;
}

/** Creates a reader that has no file open. Blocks while it reads: for threads that do nothing else meanwhile. */
export function createRangeReader(): RangeReader {
  let open: { readonly path: string; readonly descriptor: number } | null = null;

  function close(): void {
    if (open !== null) closeSync(open.descriptor);
    open = null;
  }

  function descriptorOf(path: string): number {
    if (open?.path !== path) {
      close();
      open = { path, descriptor: openSync(path, "r") };
    }
    return open.descriptor;
  }

  return {
    close,
    read({ file, offset, bytes }) {
      const descriptor = descriptorOf(file);
      const content = new Uint8Array(bytes);
      for (let filled = 0; filled < bytes;) {
        const count = readSync(descriptor, content, filled, bytes - filled, offset + filled);
        if (count === 0) {
          throw new AppError("invalid_dataset", `${file} is shorter than it was; index the dataset again`);
        }
        filled += count;
      }
      return content;
    },
  };
}
