import * as z from "zod/mini";
import { nameSchema, sha256Schema, timestampSchema, versionSchema } from "./names.ts";
import { parseJsonWith, parseWith } from "./parse.ts";

const share = z.number().check(z.gte(0), z.lte(1));
const actorSchema = z.string().check(z.minLength(1), z.maxLength(200));

/** When a rollout is ended by the Workers themselves; shares are 0..1, of the latest answers of one isolate. */
export const rolloutGuardSchema = z.strictObject({
  /** Fewer answers of a version, or comparisons, say nothing. */
  minimumAnswers: z.int().check(z.gte(1), z.lte(500)),
  /** How much larger its share of unknown images may be. */
  maxUnknownRise: share,
  /** How much larger its share of failures may be. */
  maxErrorRise: share,
  /** Largest share of shadowed images to which both versions may give different classes. */
  maxDisagreement: share,
});

/** When a rollout is ended by the Workers themselves. */
export type RolloutGuard = z.infer<typeof rolloutGuardSchema>;

/** A guard that tells a broken version from a different one. */
export const defaultRolloutGuard: RolloutGuard = {
  minimumAnswers: 50,
  maxUnknownRise: 0.1,
  maxErrorRise: 0.02,
  maxDisagreement: 0.3,
};

/** How a version is tried on a part of the traffic before it serves all. */
export const rolloutSchema = z.strictObject({
  version: versionSchema,
  manifestSha256: sha256Schema,
  /** Share of the callers that get `version`. */
  canaryFraction: share,
  /** Whether every image is also classified by the other version, the answer only compared. */
  shadow: z.boolean(),
  /** With `version`, what tells one rollout from another; a change of the shares keeps it. */
  startedAt: timestampSchema,
  guard: rolloutGuardSchema,
});

/** How a version is tried on a part of the traffic before it serves all. */
export type Rollout = z.infer<typeof rolloutSchema>;

/** How the last rollout ended that did not end in a promotion. */
export const lastRollbackSchema = z.strictObject({
  version: versionSchema,
  /** Of the rollout that ended. */
  startedAt: timestampSchema,
  reason: z.string().check(z.minLength(1), z.maxLength(500)),
  at: timestampSchema,
  by: actorSchema,
});

/** How the last rollout ended that did not end in a promotion. */
export type LastRollback = z.infer<typeof lastRollbackSchema>;

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
  rollout: z.optional(rolloutSchema),
  lastRollback: z.optional(lastRollbackSchema),
  promotedAt: timestampSchema,
  /** Who or what moved it, e.g. `edgewise train`. */
  by: actorSchema,
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

/** The bytes of a record as it is stored. @throws {AppError} invalid_argument */
export function serializeAliasRecord(record: AliasRecord): Uint8Array {
  const valid = parseWith(aliasRecordSchema, record, `alias ${record.alias} of model ${record.model}`);
  return new TextEncoder().encode(`${JSON.stringify(valid, null, 2)}\n`);
}

/** The record without its rollout, and with why it ended; itself where there is none. */
export function endRollout(
  record: AliasRecord,
  end: Pick<LastRollback, "reason" | "at" | "by">,
): AliasRecord {
  const { rollout, ...rest } = record;
  if (rollout === undefined) return record;
  const { version, startedAt } = rollout;
  return { ...rest, lastRollback: { version, startedAt, ...end } };
}

/** Whether `later` says that the very rollout which `record` has was ended. */
export function hasEndedRollout(later: AliasRecord, record: AliasRecord): boolean {
  const { rollout } = record;
  const ended = later.lastRollback;
  return (
    rollout !== undefined &&
    ended !== undefined &&
    ended.version === rollout.version &&
    ended.startedAt === rollout.startedAt
  );
}
