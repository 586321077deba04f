import * as z from "zod/mini";
import { sha256Schema, timestampSchema } from "./names.ts";
import { parseJsonWith } from "./parse.ts";

/** What a key may be allowed to do; `admin` may do everything. */
export const keyScopes = ["classify", "feedback", "camera", "admin"] as const;

/** One thing that a key may be allowed to do. */
export type KeyScope = (typeof keyScopes)[number];

/**
 * One API key as it is kept: never the key, only its digest. A plain SHA-256 is enough, since the secret has 256 random
 * bits: there is nothing to guess, so a slow hash would only slow the Worker.
 */
export const apiKeySchema = z.strictObject({
  /** Public part of the key: names it in logs, lists and `keys revoke`. */
  id: z.string().check(z.regex(/^[0-9a-f]{8}$/, "must be 8 hex digits")),
  /** For people: who or what uses it. */
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  /** Of the whole key as text. */
  sha256: sha256Schema,
  scopes: z.array(z.enum(keyScopes)).check(z.minLength(1), z.maxLength(keyScopes.length)),
  createdAt: timestampSchema,
  expiresAt: z.optional(timestampSchema),
  revokedAt: z.optional(timestampSchema),
  /** Most POST requests a UTC day, counted exactly and worldwide; absent: not counted. */
  dailyQuota: z.optional(z.int().check(z.gte(1), z.lte(1_000_000_000))),
});

/** One API key as it is kept. */
export type ApiKey = z.infer<typeof apiKeySchema>;

/** The object `auth/keys.json`. */
export const keyFileSchema = z.strictObject({
  schemaVersion: z.literal(1),
  keys: z.array(apiKeySchema).check(z.maxLength(1000)),
});

/** The object `auth/keys.json`. */
export type KeyFile = z.infer<typeof keyFileSchema>;

/** Reads the stored keys. @param what names them in the message @throws {AppError} invalid_keys */
export function parseKeyFile(bytes: Uint8Array, what: string): KeyFile {
  return parseJsonWith(keyFileSchema, new TextDecoder().decode(bytes), what, "invalid_keys");
}

/** The key as its owner gets it. @param secret 32 random bytes as 43 characters of base64url */
export function formatApiKey(id: string, secret: string): string {
  return `ew_${id}_${secret}`;
}

/** The id within a key, `null` where the text is no key. */
export function keyIdOf(text: string): string | null {
  return /^ew_([0-9a-f]{8})_[A-Za-z0-9_-]{43}$/.exec(text)?.[1] ?? null;
}

/** Whether a key can be used. @param now milliseconds since 1970 */
export function isKeyActive(key: Pick<ApiKey, "expiresAt" | "revokedAt">, now: number): boolean {
  if (key.revokedAt !== undefined) return false;
  return key.expiresAt === undefined || now < Date.parse(key.expiresAt);
}
