import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "../../shared/contract/errors.ts";

/** TensorFlow's C library as its makers publish it. */
export interface LibraryArchive {
  readonly url: string;
  /** Hex. */
  readonly sha256: string;
}

/** Of libtensorflow 2.9.1 for Linux on x86-64, for which tfjs-node 4.22 is written; as Bazel and Nix builds pin them. */
const digests = {
  cpu: "7f510d2546e3db5e10b1d119463689003d587842892ad3c95bca51cf82820173",
  gpu: "20c46f761d5905f592c4eac0812e8e50d9cb439f9440a9391912cf4c02ed8be8",
} as const;

/** The archive for a processor or a graphics card. `TFJS_NODE_CDN_STORAGE` and `TFJS_NODE_BASE_URI` name mirrors. */
export function libraryArchive(
  kind: "cpu" | "gpu",
  environment: Readonly<Record<string, string | undefined>>,
): LibraryArchive {
  const storage = environment["TFJS_NODE_CDN_STORAGE"] ?? "https://storage.googleapis.com/";
  const base = environment["TFJS_NODE_BASE_URI"] ?? `${storage}tensorflow/libtensorflow/libtensorflow-`;
  return { url: `${base}${kind}-linux-x86_64-2.9.1.tar.gz`, sha256: digests[kind] };
}

/**
 * Downloads an archive and compares its digest; what the file holds must not be used otherwise.
 * @throws {AppError} store_unavailable when it cannot be reached, integrity_mismatch when it is another
 */
export async function downloadArchive(archive: LibraryArchive, file: string): Promise<void> {
  const response = await fetch(archive.url).catch((cause: unknown) => {
    throw new AppError("store_unavailable", reasonOf(cause), { cause });
  });
  if (!response.ok || response.body === null) {
    throw new AppError("store_unavailable", `HTTP status ${response.status}`);
  }
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
  const sha256 = await fileSha256(file);
  if (sha256 === archive.sha256) return;
  throw new AppError(
    "integrity_mismatch",
    `${archive.url} has SHA-256 ${sha256}, expected is ${archive.sha256}; use another mirror`,
  );
}

/** Hex SHA-256 of a file. */
export async function fileSha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner: unknown = cause.cause;
  if (!(inner instanceof Error)) return cause.message;
  return "code" in inner ? String(inner.code) : inner.message;
}
