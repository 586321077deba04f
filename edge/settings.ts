import * as z from "zod/mini";
import { type FeedbackSettings, parseFeedbackSettings } from "./feedback/feedback-settings.ts";
import { nameSchema } from "../shared/contract/names.ts";
import { parseWith } from "../shared/contract/parse.ts";

/** A whole number of seconds, as text: vars of a Worker are text. */
const secondsSchema = z.pipe(
  z.string().check(z.regex(/^\d{1,4}$/, "must be 0 to 9999 seconds")),
  z.transform((text) => Number(text)),
);

/** A policy of so many requests in so many seconds. */
export interface RatePolicy {
  readonly requests: number;
  readonly seconds: number;
}

/** What is counted: the requests of a key, or those of an address. */
export type RateSubject = "key" | "address";

/** Reads e.g. `500/10`: so many requests in so many seconds. */
const rateSchema = z.pipe(
  z.string().check(z.regex(/^\d{1,7}\/(?:10|60)$/, "must be requests/seconds, the seconds 10 or 60")),
  z.transform((text): RatePolicy => {
    const [requests = 0, seconds = 0] = text.split("/").map(Number);
    return { requests, seconds };
  }),
);

const switchSchema = z.pipe(
  z.enum(["true", "false"]),
  z.transform((text) => text === "true"),
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
  OPEN: switchSchema,
  /** `true`: one process serves, so that what it counts is all there is to count. */
  SINGLE_PROCESS: switchSchema,
  /** What `ratelimits` says of one key and of one address, which its bindings do not tell. */
  KEY_RATE: rateSchema,
  ADDRESS_RATE: rateSchema,
  /** Hosts that webhooks may go to, separated by commas; `*.example.com` for those below one. */
  WEBHOOK_HOSTS: z.string().check(z.maxLength(2000)),
  /** A secret: base64 of 32 bytes. Seals the secrets of webhooks and signs links to snapshots. */
  CAMERA_KEY: z.optional(z.string()),
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
  /** Hosts that webhooks may go to. */
  readonly webhookHosts: readonly string[];
  /** Secret of what cameras need sealed and signed; `undefined` where there is none. */
  readonly cameraKey: string | undefined;
  /** Whether all requests come to this process. */
  readonly singleProcess: boolean;
  readonly feedback: FeedbackSettings;
  readonly rates: Readonly<Record<RateSubject, RatePolicy>>;
}

/** Reads the vars of the Worker. @throws invalid_argument naming the var that is wrong */
export function parseSettings(vars: unknown): Settings {
  const parsed = parseWith(varsSchema, vars, "the vars of the Worker");
  const origins = listOf(parsed.CORS_ORIGINS);
  return {
    model: parsed.MODEL,
    alias: parsed.ALIAS,
    aliasPollMs: parsed.ALIAS_POLL_SECONDS * 1000,
    corsOrigins: origins.includes("*") ? "*" : origins,
    open: parsed.OPEN,
    feedback: parseFeedbackSettings(vars),
    singleProcess: parsed.SINGLE_PROCESS,
    rates: { key: parsed.KEY_RATE, address: parsed.ADDRESS_RATE },
    webhookHosts: listOf(parsed.WEBHOOK_HOSTS),
    cameraKey: parsed.CAMERA_KEY,
  };
}

function listOf(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean);
}
