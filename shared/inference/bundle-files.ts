import { AppError } from "../contract/errors.ts";
import type { BundleFile, ModelManifest } from "../contract/manifest.ts";
import { sha256Hex } from "../store/sha256.ts";

/** Where the files of one version come from. */
export interface BundleSource {
  /** Bytes of manifest.json. */
  readonly manifest: Uint8Array;
  /** Reads a file beside it. @param expected what the manifest says; a source may refuse an object that is larger */
  readFile(path: string, expected: BundleFile): Promise<Uint8Array>;
}

/** The same source, with some files on their way already: each is a round trip to the store. */
export function readAhead(source: BundleSource, files: readonly BundleFile[]): BundleSource {
  const ahead = new Map<string, Promise<Uint8Array>>();
  for (const file of files) {
    const reading = source.readFile(file.path, file);
    // told to whoever wants the file
    reading.catch(() => undefined);
    ahead.set(file.path, reading);
  }
  return {
    manifest: source.manifest,
    readFile: (path, expected) => {
      const reading = ahead.get(path);
      ahead.delete(path);
      return reading ?? source.readFile(path, expected);
    },
  };
}

/** The manifest's entry of a file. @throws invalid_manifest when it lists none */
export function bundleFile(manifest: ModelManifest, path: string): BundleFile {
  const file = manifest.files.find((candidate) => candidate.path === path);
  if (file === undefined) {
    throw new AppError("invalid_manifest", `the manifest lists no file ${path}, which the model needs`);
  }
  return file;
}

/**
 * Reads a file of a bundle and checks that it is the published one.
 * @param limitBytes a larger file is refused before it is read
 * @throws {AppError} integrity_mismatch when size or digest differ, budget_exceeded past the limit
 */
export async function readBundleFile(
  source: BundleSource,
  manifest: ModelManifest,
  path: string,
  limitBytes: number,
): Promise<Uint8Array> {
  const file = bundleFile(manifest, path);
  if (file.bytes > limitBytes) {
    throw new AppError("budget_exceeded", `${path} has ${file.bytes} bytes, ${limitBytes} are allowed`);
  }
  const bytes = await source.readFile(path, file);
  if (bytes.length !== file.bytes) {
    throw new AppError(
      "integrity_mismatch",
      `${path} has ${bytes.length} bytes, the manifest says ${file.bytes}; publish the version again`,
    );
  }
  const sha256 = await sha256Hex(bytes);
  if (sha256 !== file.sha256) {
    throw new AppError(
      "integrity_mismatch",
      `${path} has sha256 ${sha256}, the manifest says ${file.sha256}; publish the version again`,
    );
  }
  return bytes;
}
