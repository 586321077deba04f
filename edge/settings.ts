import * as z from "zod/mini";
import { nameSchema } from "../shared/contract/names.ts";
import { parseWith } from "../shared/contract/parse.ts";

/** A whole number of seconds, as text: vars of a Worker are text. */
const secondsSchema = z.pipe(
  z.string().check(z.regex(/^\d{1,4}$/, "must be 0 to 9999 seconds")),
  z.transform((text) => Number(text)),
);

const varsSchema = z.object({
  /** The model that is served. */
  MODEL: nameSchema,
  /** The alias that is followed. */
  ALIAS: nameSchema,
  /** Least time between two looks at the alias. */
  ALIAS_POLL_SECONDS: secondsSchema,
  /** Other origins whose pages may call the API: none where empty, `*` for any, or some separated by commas. */
  CORS_ORIGINS: z.string().check(z.maxLength(2000)),
  /** `true`: no API key is needed, by callers on this machine. */
  OPEN: z.enum(["true", "false"]),
});

/** What the vars of `wrangler.jsonc` say. */
export interface Settings {
  readonly model: string;
  readonly alias: string;
  readonly aliasPollMs: number;
  /** `*` for any. */
  readonly corsOrigins: "*" | readonly string[];
  /** Whether callers on this machine need no API key. */
  readonly open: boolean;
}

/** Reads the vars of the Worker. @throws invalid_argument naming the var that is wrong */
export function parseSettings(vars: unknown): Settings {
  const parsed = parseWith(varsSchema, vars, "the vars of the Worker");
  const origins = parsed.CORS_ORIGINS.split(",")
    .map((origin) => origin.trim())
    .filter(Boolean);
  return {
    model: parsed.MODEL,
    alias: parsed.ALIAS,
    aliasPollMs: parsed.ALIAS_POLL_SECONDS * 1000,
    corsOrigins: origins.includes("*") ? "*" : origins,
    open: parsed.OPEN === "true",
  };
}
