import * as z from "zod/mini";
import { nameSchema, sha256Schema, timestampSchema, versionSchema } from "./names.ts";
import { parseJsonWith } from "./parse.ts";

/** A mutable pointer to one immutable version; moved by compare-and-set only. */
export const aliasRecordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  model: nameSchema,
  alias: nameSchema,
  version: versionSchema,
  /** SHA-256 of the version's manifest.json. */
  manifestSha256: sha256Schema,
  /** The version served before, which a rollback returns to. */
  previous: z.nullable(versionSchema),
  /** How the version is tried on a part of the traffic before it serves all. */
  rollout: z.optional(
    z.strictObject({
      version: versionSchema,
      manifestSha256: sha256Schema,
      /** Share of the callers that get `rollout.version`. */
      canaryFraction: z.number().check(z.gte(0), z.lte(1)),
      /** Whether the others are also classified by it, the answers only measured. */
      shadow: z.boolean(),
    }),
  ),
  promotedAt: timestampSchema,
  /** Who or what moved it, e.g. `edgewise train`. */
  by: z.string().check(z.minLength(1), z.maxLength(200)),
});

/** A mutable pointer to one immutable version. */
export type AliasRecord = z.infer<typeof aliasRecordSchema>;

/** What anybody may know of an alias: enough to fetch the version and to check it. */
export const publicAliasSchema = z.pick(aliasRecordSchema, {
  model: true,
  alias: true,
  version: true,
  manifestSha256: true,
  promotedAt: true,
});

/** What anybody may know of an alias. */
export type PublicAlias = z.infer<typeof publicAliasSchema>;

/** Reads a stored alias. @param what names it in the message @throws {AppError} invalid_manifest */
export function parseAliasRecord(bytes: Uint8Array, what: string): AliasRecord {
  return parseJsonWith(aliasRecordSchema, new TextDecoder().decode(bytes), what, "invalid_manifest");
}
