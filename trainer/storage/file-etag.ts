import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { GetOptions } from "../../shared/store/object-store.ts";
import { errnoOf, isMissing } from "./errno.ts";

/** Reads files together with their etag, the SHA-256 of the bytes, and remembers the etags of those that rest. */
export interface EtagReader {
  /** Size and etag of a file, `null` where there is none. */
  head(path: string): Promise<{ readonly sizeBytes: number; readonly etag: string } | null>;
  /** Bytes and etag of a file, `null` where there is none. */
  read(path: string, options: GetOptions): Promise<ReadFile | null>;
}

/** What came of reading a file. */
export type ReadFile =
  | { readonly kind: "found"; readonly bytes: Uint8Array; readonly etag: string }
  | { readonly kind: "unchanged" }
  | { readonly kind: "larger"; readonly sizeBytes: number };

interface Remembered {
  readonly identity: string;
  readonly etag: string;
}

/** A file that changed so recently may change again without its time stamp moving: kernels count in ticks. */
const restlessMs = 2000;
const maxRemembered = 20_000;

/** Creates a reader with an empty memory. */
export function createEtagReader(): EtagReader {
  const remembered = new Map<string, Remembered>();

  function recall(path: string, stats: BigIntStats): string | undefined {
    const known = remembered.get(path);
    return known?.identity === identityOf(stats) ? known.etag : undefined;
  }

  function remember(path: string, stats: BigIntStats, etag: string): void {
    if (Date.now() - Number(stats.ctimeMs) < restlessMs) return;
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(path, { identity: identityOf(stats), etag });
  }

  async function readWhole(path: string, file: FileHandle, stats: BigIntStats) {
    const bytes = new Uint8Array(await file.readFile());
    const etag = createHash("sha256").update(bytes).digest("hex");
    remember(path, stats, etag);
    return { bytes, etag };
  }

  return {
    head: (path) =>
      withFile(path, async (file, stats) => {
        const etag = recall(path, stats) ?? (await readWhole(path, file, stats)).etag;
        return { sizeBytes: Number(stats.size), etag };
      }),
    read: (path, { ifNoneMatch, mostBytes = Infinity }) =>
      withFile<ReadFile>(path, async (file, stats) => {
        const recalled = recall(path, stats);
        if (recalled !== undefined && recalled === ifNoneMatch) return { kind: "unchanged" };
        const sizeBytes = Number(stats.size);
        if (sizeBytes > mostBytes) return { kind: "larger", sizeBytes };
        const whole = await readWhole(path, file, stats);
        return whole.etag === ifNoneMatch ? { kind: "unchanged" } : { kind: "found", ...whole };
      }),
  };
}

/** Opens a file once, so that its bytes and its facts are of one and the same version. */
async function withFile<T>(
  path: string,
  use: (file: FileHandle, stats: BigIntStats) => Promise<T>,
): Promise<T | null> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    // Windows cannot open a folder.
    if (isMissing(error) || errnoOf(error) === "EISDIR") return null;
    throw error;
  }
  try {
    const stats = await file.stat({ bigint: true });
    return stats.isFile() ? await use(file, stats) : null;
  } finally {
    await file.close();
  }
}

function identityOf(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(" ");
}
