import { createHash } from "node:crypto";
import { mkdir, rm, rmdir, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../../shared/contract/errors.ts";
import { checkKey, checkPageSize } from "../../shared/store/object-key.ts";
import type {
  GetOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  StoredObject,
} from "../../shared/store/object-store.ts";
import { checkConditions, checkedSha256 } from "../../shared/store/put-conditions.ts";
import { moveInto, sweepScratch, writeScratchFile } from "./atomic-write.ts";
import { errnoOf, isMissing } from "./errno.ts";
import { createEtagReader, type EtagReader } from "./file-etag.ts";
import { withFileLock } from "./file-lock.ts";
import { walkKeys } from "./walk-keys.ts";

/**
 * A store of plain files: the object `a/b.json` is the file `<root>/a/b.json`; etags are SHA-256 of the bytes.
 * Any number of processes may use one folder at once. A process killed at any moment leaves whole objects only,
 * and locks that the others break.
 * @param root folder, made at the first write
 */
export function createFileStore(root: string): ObjectStore {
  return new FileStore(resolve(root));
}

class FileStore implements ObjectStore {
  readonly #root: string;
  // Keys have no part that starts with a dot, so these two never meet an object.
  readonly #scratch: string;
  readonly #locks: string;
  readonly #etags: EtagReader = createEtagReader();
  #prepared: Promise<void> | null = null;

  constructor(root: string) {
    this.#root = root;
    this.#scratch = join(root, ".scratch");
    this.#locks = join(root, ".locks");
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    const file = await this.#etags.read(this.#pathOf(key), options);
    if (file === null) return { kind: "missing" };
    if (file.kind !== "found") return file;
    const info = { key, sizeBytes: file.bytes.length, etag: file.etag };
    return { kind: "found", info, bytes: file.bytes };
  }

  async head(key: string): Promise<ObjectInfo | null> {
    const file = await this.#etags.head(this.#pathOf(key));
    return file === null ? null : { key, ...file };
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
    const path = this.#pathOf(key);
    const copy = bytes.slice();
    const etag = await checkedSha256(key, copy, options.sha256);
    await this.#prepare();
    const written = await writeScratchFile(this.#scratch, copy);
    try {
      await this.#locked(key, async () => {
        checkConditions(key, (await this.#etags.head(path))?.etag ?? null, options);
        await moveInto(written, path);
      });
    } catch (error) {
      await rm(written, { force: true });
      throw isNameTaken(error) ? nameTaken(key, error) : error;
    }
    return { key, sizeBytes: copy.length, etag };
  }

  async list(
    prefix: string,
    options: { readonly cursor?: string; readonly limit?: number } = {},
  ): Promise<ListPage> {
    const limit = checkPageSize(options.limit);
    const objects: ObjectInfo[] = [];
    for await (const key of walkKeys(this.#root, prefix, options.cursor ?? "")) {
      const last = objects.at(-1);
      if (objects.length === limit && last !== undefined) return { objects, cursor: last.key };
      const file = await this.#etags.head(join(this.#root, key));
      // It may have been removed since the folder was read.
      if (file !== null) objects.push({ key, ...file });
    }
    return { objects };
  }

  async delete(key: string): Promise<void> {
    const path = this.#pathOf(key);
    if ((await this.#etags.head(path)) === null) return;
    await this.#prepare();
    await this.#locked(key, async () => {
      try {
        await unlink(path);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    });
    await this.#removeEmptyFolders(dirname(path));
  }

  #pathOf(key: string): string {
    checkKey(key);
    return join(this.#root, key);
  }

  #locked(key: string, action: () => Promise<void>): Promise<void> {
    const name = createHash("sha256").update(key).digest("hex").slice(0, 32);
    return withFileLock(join(this.#locks, name), this.#scratch, action);
  }

  #prepare(): Promise<void> {
    this.#prepared ??= (async () => {
      try {
        await mkdir(this.#scratch, { recursive: true });
        await mkdir(this.#locks, { recursive: true });
      } catch (cause) {
        throw new AppError(
          "invalid_argument",
          `the store ${this.#root} cannot be written (${errnoOf(cause) ?? String(cause)}); name a folder you may write`,
          { cause },
        );
      }
      await sweepScratch(this.#scratch);
    })();
    return this.#prepared;
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    try {
      for (let current = folder; current !== this.#root; current = dirname(current)) {
        await rmdir(current);
      }
    } catch {
      // Not empty, or gone already: either way there is nothing left to remove.
    }
  }
}

/** Whether a rename failed because a folder is where the file, or a file where a folder has to be. */
function isNameTaken(error: unknown): boolean {
  return ["EISDIR", "ENOTDIR", "EEXIST", "ENOTEMPTY"].includes(errnoOf(error) ?? "");
}

function nameTaken(key: string, cause: unknown): AppError {
  return new AppError(
    "invalid_argument",
    `object key ${key} meets a folder or a file of the same name; a folder store cannot hold both "a" and "a/b", choose another key`,
    { cause },
  );
}
