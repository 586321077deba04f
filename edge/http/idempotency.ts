import type { Context } from "hono";
import * as z from "zod/mini";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";

/** An answer that can be given again: a status and a JSON body. */
export interface RepeatableAnswer {
  readonly status: 200 | 201 | 202;
  readonly body: Readonly<Record<string, unknown>>;
}

const recordSchema = z.strictObject({
  fingerprint: z.string(),
  /** Milliseconds since 1970. */
  at: z.int(),
  /** `null` while the first request is under way. */
  answer: z.nullable(
    z.strictObject({
      status: z.union([z.literal(200), z.literal(201), z.literal(202)]),
      body: z.record(z.string(), z.unknown()),
    }),
  ),
});

type IdempotencyRecord = z.infer<typeof recordSchema>;

/** A key means something new after this. */
const keptMs = 24 * 3600 * 1000;
/** A first request that has not ended by then died; the next one with its key takes over. */
const underWayMs = 60_000;

/**
 * Does the work of a request once, however often it is sent with the same `Idempotency-Key` (draft-ietf-httpapi-
 * idempotency-key-header): a repetition gets the first answer again, with `Idempotency-Replayed: true`. Remembered in
 * the store for a day, for each caller apart; without the header the work is just done.
 * @param fingerprint what the request asks, e.g. a digest of its body: the same key with another is refused
 * @throws {AppError} invalid_argument, idempotency_mismatch, idempotency_in_progress, and what `work` throws
 */
export async function answerOnce(
  context: Context<AppEnvironment>,
  services: Pick<Services, "store" | "clock" | "log">,
  fingerprint: string,
  work: () => Promise<RepeatableAnswer>,
): Promise<Response> {
  const name = context.req.header("idempotency-key");
  if (name === undefined) return answer(context, await work());
  if (!/^[\x21-\x7e]{1,255}$/.test(name)) {
    throw new AppError("invalid_argument", "Idempotency-Key must be 1 to 255 printable ASCII characters");
  }
  const key = await objectKeyOf(context, name);
  const claim = await claimKey(services, key, fingerprint);
  if (claim.kind === "answered") {
    context.header("idempotency-replayed", "true");
    return answer(context, claim.answer);
  }
  const done = await workOrRelease(services, key, work);
  try {
    await write(services, key, { fingerprint, at: services.clock(), answer: done }, claim.etag);
  } catch (error) {
    // it is done, and the client hears so; only a repetition would find it under way
    services.log({ level: "warn", event: "idempotency-not-kept", reason: String(error) });
  }
  return answer(context, done);
}

async function workOrRelease(
  { store, log }: Pick<Services, "store" | "log">,
  key: string,
  work: () => Promise<RepeatableAnswer>,
): Promise<RepeatableAnswer> {
  try {
    return await work();
  } catch (error) {
    // it was not done: the same request may be sent again, at the latest when the claim has aged
    await store.delete(key).catch((failure: unknown) => {
      log({ level: "warn", event: "idempotency-not-released", reason: String(failure) });
    });
    throw error;
  }
}

type Claim =
  | { readonly kind: "claimed"; readonly etag: string }
  | { readonly kind: "answered"; readonly answer: RepeatableAnswer };

async function claimKey(
  services: Pick<Services, "store" | "clock">,
  key: string,
  fingerprint: string,
): Promise<Claim> {
  const { store, clock } = services;
  const claim: IdempotencyRecord = { fingerprint, at: clock(), answer: null };
  const known = await store.get(key);
  let overwritten: string | null = null;
  if (known.kind === "found") {
    const record = parseJsonWith(recordSchema, new TextDecoder().decode(known.bytes), key, "internal");
    const age = clock() - record.at;
    if (age <= keptMs && record.fingerprint !== fingerprint) {
      throw new AppError(
        "idempotency_mismatch",
        "this Idempotency-Key was used for another request; take a new one for each thing to be done",
      );
    }
    if (age <= keptMs && record.answer !== null) return { kind: "answered", answer: record.answer };
    if (record.answer === null && age <= underWayMs) throw inProgress();
    overwritten = known.info.etag;
  }
  return { kind: "claimed", etag: await write(services, key, claim, overwritten) };
}

/** @param etag of what is overwritten @returns that of what was written @throws {AppError} idempotency_in_progress */
async function write(
  { store }: Pick<Services, "store">,
  key: string,
  record: IdempotencyRecord,
  etag: string | null,
): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(record));
  try {
    const info = await store.put(key, bytes, etag === null ? { ifNoneMatch: "*" } : { ifMatch: etag });
    return info.etag;
  } catch (error) {
    throw isAppError(error, "precondition_failed") ? inProgress() : error;
  }
}

async function objectKeyOf(context: Context<AppEnvironment>, name: string): Promise<string> {
  const caller = context.get("caller");
  const who = caller?.kind === "key" ? caller.id : "open";
  const what = [who, context.req.method, context.req.path, name].join("\n");
  return objectKeys.idempotency(await sha256Hex(new TextEncoder().encode(what)));
}

function inProgress(): AppError {
  return new AppError(
    "idempotency_in_progress",
    "a request with this Idempotency-Key is under way; ask again",
    {
      details: { retryAfterMs: 1000 },
    },
  );
}

function answer(context: Context<AppEnvironment>, { status, body }: RepeatableAnswer): Response {
  context.header("cache-control", "no-store");
  return context.json(body, status);
}
