import type { Context } from "hono";
import * as z from "zod/mini";
import { parseAliasRecord, type PublicAlias } from "../../shared/contract/alias.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { nameSchema, versionSchema } from "../../shared/contract/names.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { parseByteRange } from "../http/byte-range.ts";
import { listsEntityTag } from "../http/entity-tag.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings.ts";

/** Of what inference needs, and the card. A report shows photos of the dataset: it is never among these. */
const publicFiles: readonly (readonly [name: RegExp, mediaType: string])[] = [
  [/^(?:manifest|model)\.json$/, "application/json"],
  [/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}\.bin$/, "application/octet-stream"],
  [/^card\.md$/, "text/markdown; charset=utf-8"],
];

/** What needs a key is for no cache that others share. */
const immutable = ({ open }: Settings): string =>
  `${open ? "public" : "private"}, max-age=31536000, immutable`;

interface PublicFile {
  readonly key: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** With its quotes. */
  readonly etag: string;
}

/**
 * `GET /models/{model}/versions/{version}/{file}`: a file of a published version, which never changes, whole or in part.
 * @throws not_found, range_not_satisfiable
 */
export async function answerVersionFile(
  context: Context<AppEnvironment>,
  { bucket, settings }: Pick<Services, "bucket" | "settings">,
): Promise<Response> {
  const cacheControl = immutable(settings);
  const file = await findFile(context, bucket);
  const { key, etag, sizeBytes } = file;
  if (listsEntityTag(context.req.header("if-none-match"), etag))
    return unchanged(context, etag, cacheControl);
  const range = rangeOf(context, file);
  const part = range ?? { offset: 0, length: sizeBytes };
  const object = context.req.method === "GET" ? await bucket.get(key, { range: part }) : undefined;
  if (object === null) throw missing(context);
  context.header("etag", etag);
  context.header("cache-control", cacheControl);
  context.header("accept-ranges", "bytes");
  context.header("content-type", file.mediaType);
  context.header("content-length", String(part.length));
  context.header("x-content-type-options", "nosniff");
  if (range !== null) {
    context.header("content-range", `bytes ${part.offset}-${part.offset + part.length - 1}/${sizeBytes}`);
  }
  const status = range === null ? 200 : 206;
  return object === undefined ? context.body(null, status) : context.body(object.body, status);
}

async function findFile(context: Context<AppEnvironment>, bucket: Services["bucket"]): Promise<PublicFile> {
  const { model = "", version = "", file = "" } = context.req.param();
  const mediaType = publicFiles.find(([name]) => name.test(file))?.[1];
  if (mediaType === undefined || !isName(model) || !z.safeParse(versionSchema, version).success) {
    throw missing(context);
  }
  const key = objectKeys.versionFile(model, version, file);
  const known = await bucket.head(key);
  if (known === null) throw missing(context);
  return { key, mediaType, sizeBytes: known.size, etag: known.httpEtag };
}

/** The part that is asked for, `null` for the whole. */
function rangeOf(
  context: Context<AppEnvironment>,
  { sizeBytes, etag }: PublicFile,
): { readonly offset: number; readonly length: number } | null {
  const ifRange = context.req.header("if-range");
  // a range means something to GET alone (RFC 9110, section 14.2)
  if (context.req.method !== "GET" || (ifRange !== undefined && ifRange !== etag)) return null;
  const range = parseByteRange(context.req.header("range"), sizeBytes);
  if (range.kind === "whole") return null;
  if (range.kind === "part") return { offset: range.first, length: range.length };
  context.header("content-range", `bytes */${sizeBytes}`);
  throw new AppError("range_not_satisfiable", `the file has ${sizeBytes} bytes; ask for some of them`);
}

/** `GET /models/{model}/aliases/{alias}`: the version an alias points at, and the digest to check it by. @throws not_found */
export async function answerAlias(
  context: Context<AppEnvironment>,
  { store }: Pick<Services, "store">,
): Promise<Response> {
  const { model = "", alias = "" } = context.req.param();
  const object =
    isName(model) && isName(alias)
      ? await store.get(objectKeys.alias(model, alias))
      : { kind: "missing" as const };
  if (object.kind !== "found") throw missing(context);
  const etag = `"${object.info.etag}"`;
  if (listsEntityTag(context.req.header("if-none-match"), etag)) return unchanged(context, etag, "no-cache");
  const { version, manifestSha256, promotedAt } = parseAliasRecord(
    object.bytes,
    `alias ${alias} of ${model}`,
  );
  const answer: PublicAlias = { model, alias, version, manifestSha256, promotedAt };
  context.header("etag", etag);
  context.header("cache-control", "no-cache");
  return context.json(answer);
}

function isName(text: string): boolean {
  return z.safeParse(nameSchema, text).success;
}

function missing(context: Context<AppEnvironment>): AppError {
  return new AppError(
    "not_found",
    `there is nothing at ${context.req.path}; GET /models lists what there is`,
  );
}

function unchanged(context: Context<AppEnvironment>, etag: string, cacheControl: string): Response {
  context.header("etag", etag);
  context.header("cache-control", cacheControl);
  return context.body(null, 304);
}
