import { AppError } from "../../shared/contract/errors.ts";

/** How large an archive may grow when it is unpacked. */
export interface ArchiveLimits {
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly maxTotalBytes: number;
  /** Unpacked bytes for each byte of the archive. Photos are compressed already: they stay below 2. */
  readonly maxRatio: number;
}

/** Far above any dataset of photos, far below a disk. */
export const defaultArchiveLimits: ArchiveLimits = {
  maxEntries: 2_000_000,
  maxEntryBytes: 512 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024 * 1024,
  maxRatio: 200,
};

/** Bytes any archive may unpack to, so that the ratio does not refuse small archives of small files. */
const freeBytes = 16 * 1024 * 1024;
const maxPathLength = 1024;

/** Watches what comes out of an archive; every method throws `invalid_archive` on what is not allowed. */
export interface ArchiveGuard {
  /** Takes the name of an entry, gives its path: relative, without `.` parts. */
  checkPath(name: string): string;
  /** Counts one entry of that size; `declaredBytes` may be what the archive says before anything is read. */
  countEntry(path: string, declaredBytes: number): void;
  /** Counts bytes that came out of decompression. */
  countBytes(bytes: number): void;
  /** The error that tells that the archive is refused because of `fault`. */
  refuse(fault: string, cause?: unknown): AppError;
}

/**
 * Creates the guard of one archive.
 * @param archiveName for messages
 * @param archiveBytes size of the archive itself
 */
export function createArchiveGuard(
  archiveName: string,
  archiveBytes: number,
  limits: ArchiveLimits,
): ArchiveGuard {
  const maxBytes = Math.min(limits.maxTotalBytes, freeBytes + limits.maxRatio * archiveBytes);
  const paths = new Set<string>();
  let entries = 0;
  let bytesSoFar = 0;

  const refuse = (fault: string, cause?: unknown): AppError =>
    new AppError("invalid_archive", `archive ${archiveName} ${fault}; make it anew from the class folders`, {
      cause,
    });

  return {
    refuse,
    checkPath(name) {
      const fault = faultOfName(name);
      if (fault !== null) throw refuse(`has an entry ${JSON.stringify(name.slice(0, 100))} ${fault}`);
      return name
        .split("/")
        .filter((part) => part !== "" && part !== ".")
        .join("/");
    },
    countEntry(path, declaredBytes) {
      entries += 1;
      if (entries > limits.maxEntries) throw refuse(`has more than ${limits.maxEntries} entries`);
      if (!Number.isSafeInteger(declaredBytes) || declaredBytes < 0) {
        throw refuse(`has an entry ${path} whose size is no number`);
      }
      if (declaredBytes > limits.maxEntryBytes) {
        throw refuse(`has an entry ${path} of ${declaredBytes} bytes, allowed are ${limits.maxEntryBytes}`);
      }
      if (bytesSoFar + declaredBytes > maxBytes) throw refuse(tooLarge(maxBytes, archiveBytes));
      if (path !== "" && paths.has(path)) throw refuse(`lists ${path} twice`);
      paths.add(path);
    },
    countBytes(bytes) {
      bytesSoFar += bytes;
      if (bytesSoFar > maxBytes) throw refuse(tooLarge(maxBytes, archiveBytes));
    },
  };
}

function tooLarge(maxBytes: number, archiveBytes: number): string {
  return `of ${archiveBytes} bytes unpacks to more than the ${maxBytes} bytes allowed`;
}

function faultOfName(name: string): string | null {
  if (name.includes("\u0000")) return "with a NUL in its name";
  if (name.length > maxPathLength) return `with a name longer than ${maxPathLength} characters`;
  if (name.startsWith("/") || name.startsWith("\\") || /^[a-zA-Z]:/.test(name))
    return "with an absolute path";
  if (name.split(/[/\\]/).includes("..")) return "that leaves the archive's folder";
  return null;
}
