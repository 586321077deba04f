import * as z from "zod/mini";
import { type ClassifyOptions, classifyOptionsSchema } from "../../shared/contract/classify-request.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { nameSchema, versionSchema } from "../../shared/contract/names.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import type { Pin } from "../model/request-model.ts";

/** Query parameters of the classify routes; others are passed over. */
export const classifyQuerySchema = z.object({
  ...classifyOptionsSchema.shape,
  /** Answers by the version that this alias points at. */
  alias: z.optional(nameSchema),
  /** Answers by this version. */
  version: z.optional(versionSchema),
});

/** What the query of a classify route asks. */
export interface ClassifyQuery {
  readonly options: ClassifyOptions;
  /** The version that is pinned, `null` where the query pins none. */
  readonly pin: Pin | null;
}

/** Reads `?topK=`, `?threshold=`, `?explain=` and `?alias=` or `?version=`. @throws invalid_argument */
export function parseClassifyQuery(query: Readonly<Record<string, string>>): ClassifyQuery {
  const { topK, threshold } = query;
  const { alias, version, ...options } = parseWith(
    classifyQuerySchema,
    {
      ...query,
      ...(topK === undefined ? {} : { topK: numberIn(topK) }),
      ...(threshold === undefined ? {} : { threshold: numberIn(threshold) }),
    },
    "the query",
  );
  if (alias !== undefined && version !== undefined) {
    throw new AppError("invalid_argument", "the query has alias and version; ask for one of them");
  }
  if (alias !== undefined) return { options, pin: { kind: "alias", alias } };
  return { options, pin: version === undefined ? null : { kind: "version", version } };
}

/** A plain decimal number; other text as it is, for the schema to refuse. */
function numberIn(text: string): number | string {
  return /^(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})$/.test(text) ? Number(text) : text;
}
