import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { moveInto, writeScratchFile } from "../storage/atomic-write.ts";
import { isMissing } from "../storage/errno.ts";

/** Features of images that were computed before, by the SHA-256 of the image's file. */
export interface EmbeddingCache {
  /** `[size]`, a view of the cache; `undefined` when it was not computed. */
  find(image: string): Float32Array | undefined;
  /** Takes a copy of one row. */
  add(image: string, row: Float32Array): void;
  /** Writes what was added, together with what others wrote meanwhile. */
  save(): Promise<void>;
}

/** Beyond it, a file keeps only what its last run used. */
const mostFileBytes = 512 * 1024 * 1024;
const digestBytes = 32;

/**
 * Opens the file of one kind of features. It holds, an image after the other, the SHA-256 of the image's file and its
 * features in float32; its own SHA-256 comes last. A damaged file counts as empty.
 * @param folder is made when missing
 * @param kind everything that the features depend on but the image
 */
export async function openEmbeddingCache(
  folder: string,
  kind: unknown,
  size: number,
): Promise<EmbeddingCache> {
  const name = createHash("sha256").update(JSON.stringify(kind)).digest("hex").slice(0, 32);
  const path = join(folder, `${name}.bin`);
  const rows = await readRows(path, size);
  const used = new Map<string, Float32Array>();
  let isChanged = false;
  return {
    find: (image) => {
      const row = rows.get(image);
      if (row !== undefined) used.set(image, row);
      return row;
    },
    add: (image, row) => {
      const copy = row.slice();
      rows.set(image, copy);
      used.set(image, copy);
      isChanged = true;
    },
    save: async () => {
      if (!isChanged) return;
      const all = new Map([...(await readRows(path, size)), ...rows]);
      const kept = all.size * (digestBytes + 4 * size) > mostFileBytes ? used : all;
      await mkdir(folder, { recursive: true });
      await moveInto(await writeScratchFile(folder, encodeRows(kept, size)), path);
      isChanged = false;
    },
  };
}

async function readRows(path: string, size: number): Promise<Map<string, Float32Array>> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  });
  const rowBytes = digestBytes + 4 * size;
  const payload = bytes.subarray(0, Math.max(0, bytes.length - digestBytes));
  const rows = new Map<string, Float32Array>();
  const isWhole = payload.length % rowBytes === 0 && sha256(payload).equals(bytes.subarray(payload.length));
  if (!isWhole) return rows;
  for (let start = 0; start < payload.length; start += rowBytes) {
    // A copy, as float32 values must lie at a multiple of 4.
    const row = Uint8Array.prototype.slice.call(payload, start + digestBytes, start + rowBytes);
    rows.set(payload.toString("hex", start, start + digestBytes), new Float32Array(row.buffer));
  }
  return rows;
}

function encodeRows(rows: ReadonlyMap<string, Float32Array>, size: number): Uint8Array {
  const rowBytes = digestBytes + 4 * size;
  const bytes = Buffer.alloc(rows.size * rowBytes + digestBytes);
  let start = 0;
  for (const [key, row] of rows) {
    bytes.write(key, start, "hex");
    bytes.set(new Uint8Array(row.buffer, row.byteOffset, row.byteLength), start + digestBytes);
    start += rowBytes;
  }
  bytes.set(sha256(bytes.subarray(0, start)), start);
  return new Uint8Array(bytes);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
