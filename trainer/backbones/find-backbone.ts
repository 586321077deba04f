import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { AppError } from "../../shared/contract/errors.ts";
import { moveInto, writeScratchFile } from "../storage/atomic-write.ts";
import { isMissing } from "../storage/errno.ts";
import { download } from "./download.ts";
import type { Backbone } from "./registry.ts";

/** Where the files of backbones are looked for. */
export interface BackbonePlaces {
  /** A folder that the user keeps them in; asked first. */
  readonly folder: string | null;
  /** Ours; what is downloaded goes here. */
  readonly cache: string;
}

/** Options of {@link findBackbone}. */
export interface FindOptions {
  /** Called while the file is downloaded, in bytes. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Gives up a download, e.g. at Ctrl-C. */
  readonly signal?: AbortSignal;
}

/** The places that the environment names: `EDGEWISE_BACKBONES`, and `edgewise/` in the cache folder of the user. */
export function backbonePlaces(environment: NodeJS.ProcessEnv = process.env): BackbonePlaces {
  const { EDGEWISE_BACKBONES: folder, XDG_CACHE_HOME: cacheHome } = environment;
  return {
    folder: folder === undefined || folder === "" ? null : resolve(folder),
    cache: join(userCache(cacheHome), "backbones"),
  };
}

/** The user's cache folder of edgewise, by the XDG rules. */
export function userCache(cacheHome = process.env["XDG_CACHE_HOME"]): string {
  const isSet = cacheHome !== undefined && cacheHome !== "";
  return join(isSet ? resolve(cacheHome) : join(homedir(), ".cache"), "edgewise");
}

/**
 * The bytes of a backbone's file: from the user's folder, else the cache, else the network, which fills the cache.
 * @throws integrity_mismatch when the user's file or the download is another one; not_found, saying which file to put
 *   where, when there is none and it cannot be downloaded
 */
export async function findBackbone(
  backbone: Backbone,
  places: BackbonePlaces,
  options: FindOptions = {},
): Promise<Uint8Array> {
  if (places.folder !== null) {
    const path = join(places.folder, backbone.file);
    const bytes = await readWhole(path);
    if (bytes !== null) {
      if (isFileOf(backbone, bytes)) return bytes;
      throw new AppError(
        "integrity_mismatch",
        `${path} has sha256 ${digest(bytes)}, that of ${backbone.name} is ${backbone.sha256}; ` +
          `replace it by ${backbone.url}`,
      );
    }
  }
  const cached = await readWhole(join(places.cache, backbone.file));
  // A damaged file in our own cache is fetched anew.
  if (cached !== null && isFileOf(backbone, cached)) return cached;
  return fetchIntoCache(backbone, places, options);
}

/** Whether {@link findBackbone} finds a file without the network. */
export async function hasBackbone(backbone: Backbone, { folder, cache }: BackbonePlaces): Promise<boolean> {
  if (folder !== null && (await readWhole(join(folder, backbone.file))) !== null) return true;
  const cached = await readWhole(join(cache, backbone.file));
  return cached !== null && isFileOf(backbone, cached);
}

/** Whether these bytes are the file of a backbone. */
export function isFileOf(backbone: Backbone, bytes: Uint8Array): boolean {
  return digest(bytes) === backbone.sha256;
}

/** Keeps the file of a backbone in our cache, whole or not at all. */
export async function cacheBackbone(
  backbone: Backbone,
  { cache }: Pick<BackbonePlaces, "cache">,
  bytes: Uint8Array,
): Promise<void> {
  await mkdir(cache, { recursive: true });
  await moveInto(await writeScratchFile(cache, bytes), join(cache, backbone.file));
}

async function fetchIntoCache(
  backbone: Backbone,
  places: BackbonePlaces,
  options: FindOptions,
): Promise<Uint8Array> {
  const { folder, cache } = places;
  const bytes = await download(backbone, options).catch((cause: unknown) => {
    const searched = folder === null ? "" : ` or ${folder}`;
    throw new AppError(
      "not_found",
      `backbone ${backbone.name} is neither here nor to be downloaded (${reasonOf(cause)}); ` +
        `put ${backbone.url} as ${backbone.file} into ${cache}${searched}`,
      { cause },
    );
  });
  if (!isFileOf(backbone, bytes)) {
    throw new AppError(
      "integrity_mismatch",
      `${backbone.url} gave ${bytes.length} bytes of sha256 ${digest(bytes)}, expected ${backbone.sha256}; ` +
        "something between here and there changes files, fetch it by another way",
    );
  }
  await cacheBackbone(backbone, places, bytes);
  return bytes;
}

async function readWhole(path: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (isMissing(error)) return null;
    throw new AppError("not_found", `${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}
