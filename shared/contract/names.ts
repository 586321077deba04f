import * as z from "zod/mini";

/** Name of a model, an alias or a dataset: it becomes a part of object keys and URLs. */
export const nameSchema = z
  .string()
  .check(
    z.regex(
      /^[a-z0-9][a-z0-9._-]{0,62}$/,
      "must be 1 to 63 of a-z 0-9 . _ - and start with a letter or digit",
    ),
  );

/** A model version: UTC start of the run, then 8 hex digits of the digest over model.json and weights. */
export const versionSchema = z
  .string()
  .check(z.regex(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/, "must look like 20260131T235959Z-0a1b2c3d"));

/** Lower-case hexadecimal SHA-256 of some bytes. */
export const sha256Schema = z.string().check(z.regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"));

/** A point in time as ISO 8601 in UTC. */
export const timestampSchema = z.iso.datetime();

/** The alias that serves when a request names none. */
export const defaultAlias = "champion";

/** The model that commands use when none is named. */
export const defaultModel = "default";
