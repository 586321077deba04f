import type { Context } from "hono";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import {
  type FeedbackRecord,
  feedbackIdSchema,
  type feedbackReceiptSchema,
} from "../../shared/contract/feedback.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { mayDo } from "../auth/caller.ts";
import { answerOnce } from "../http/idempotency.ts";
import type { ModelReference } from "../model/model-reference.ts";
import type { Services } from "../services.ts";
import { examineImage, type KeptImage, keepable } from "./examine-image.ts";
import {
  changeFeedback,
  compactDay,
  feedbackIdOf,
  findFeedback,
  removeFeedback,
  removeImages,
  type ShelvedFeedback,
  shelveFeedback,
} from "./feedback-shelf.ts";
import { readFeedback, type SentFeedback } from "./read-feedback.ts";
import { quotaName } from "./sampler.ts";

type Handled = Context<AppEnvironment>;
type Receipt = z.infer<typeof feedbackReceiptSchema>;

const dayMs = 86_400_000;

/** `POST /feedback`: what an image shows, by somebody who knows; kept in quarantine until it is reviewed. */
export async function answerFeedback(context: Handled, services: Services): Promise<Response> {
  requireOn(services);
  const sent = await readFeedback(context.req.raw);
  return answerOnce(context, services, await sha256Hex(sent.body), async () => ({
    status: 201,
    body: await take(context, services, sent),
  }));
}

/** `DELETE /feedback/{id}`: deletes the record and its image, for who sent it and for administrators. */
export async function deleteFeedback(context: Handled, services: Services): Promise<Response> {
  const known = await requireFeedback(context, services);
  const caller = context.get("caller");
  const isTheirs = caller?.kind === "open" || known.record.keyId === keyIdOf(context);
  if (caller === undefined || !(isTheirs || mayDo(caller, "admin"))) throw noFeedback();
  await removeFeedback(services.store, known.record);
  return context.body(null, 204);
}

/** The record that the path and `?model=` name. @throws {AppError} not_found */
export async function requireFeedback(context: Handled, services: Services): Promise<ShelvedFeedback> {
  const id = context.req.param("id") ?? "";
  const model = context.req.query("model") ?? services.settings.model;
  const known = z.safeParse(feedbackIdSchema, id).success
    ? await findFeedback(services.store, model, id)
    : null;
  if (known === null) throw noFeedback();
  return known;
}

/** Of the API key that asks, `null` where none is needed. */
export function keyIdOf(context: Handled): string | null {
  const caller = context.get("caller");
  return caller?.kind === "key" ? caller.id : null;
}

/** @throws {AppError} not_found where feedback is not switched on */
export function requireOn({ settings }: Pick<Services, "settings">): void {
  if (settings.feedback.isOn) return;
  throw new AppError(
    "not_found",
    "feedback is switched off here; the operator switches it on by FEEDBACK=true",
  );
}

async function take(context: Handled, services: Services, sent: SentFeedback): Promise<Receipt> {
  const { request, image } = sent;
  if (image !== null) return takeImage(context, services, sent, image);
  if (request.requestId === undefined) {
    throw new AppError(
      "invalid_argument",
      "say what the feedback is about: send requestId, or the image itself",
    );
  }
  return labelSample(context, services, sent, request.requestId);
}

/** Feedback to an image that was sampled when it was classified. @throws {AppError} not_found, already_reviewed */
async function labelSample(
  context: Handled,
  { store, clock, settings }: Services,
  { request }: SentFeedback,
  requestId: string,
): Promise<Receipt> {
  const { label, consent, index = 0, model = settings.model } = request;
  const now = clock();
  for (const day of [now, now - dayMs]) {
    const id = await feedbackIdOf(keyIdOf(context) ?? "", requestId, index, compactDay(day));
    const known = await findFeedback(store, model, id);
    if (known === null) continue;
    const record = relabelled(known.record, label, consent);
    // the record first: it must not promise an image that is gone
    await changeFeedback(store, known, record);
    if (!consent) await removeImages(store, record);
    return receiptOf(record);
  }
  throw new AppError(
    "not_found",
    `no image of request ${requestId} was kept; send the image itself with its label`,
  );
}

/**
 * What a sample says after its feedback. The label of what was reviewed stays, and can only lose its image.
 * @throws {AppError} already_reviewed
 */
function relabelled(record: FeedbackRecord, label: string, consent: boolean): FeedbackRecord {
  const { status } = record;
  if (!consent) return { ...record, image: null, ...(status === "quarantined" ? { label } : {}) };
  if (status === "quarantined") return { ...record, label };
  throw new AppError(
    "already_reviewed",
    `the image of this request was reviewed and is ${status}; its label stays, send no other`,
  );
}

async function takeImage(
  context: Handled,
  services: Services,
  { request }: SentFeedback,
  bytes: Uint8Array,
): Promise<Receipt> {
  const { store, settings, clock, models, quotas } = services;
  const { label, consent, index = 0, model = settings.model } = request;
  const reference: ModelReference = {
    kind: "alias",
    model,
    alias: model === settings.model ? settings.alias : defaultAlias,
  };
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  const seen = await models.use(reference, keepAlive, ({ classifier, codec }) => ({
    version: classifier.manifest.version,
    classification: classifier.classify(bytes, { topK: 1 }),
    examined: consent ? examineImage(codec, bytes) : null,
  }));
  const now = clock();
  const keyId = keyIdOf(context);
  const kept: KeptImage | null = seen.examined === null ? null : await keepable(seen.examined);
  const cap = await quotas.getByName(quotaName(keyId)).take(settings.feedback.dailyCap, now);
  if (!cap.isWithin) {
    throw new AppError(
      "quota_exceeded",
      `${settings.feedback.dailyCap} pieces of feedback of this UTC day are taken already; come again tomorrow`,
      { details: { retryAfterMs: 1000 * cap.resetSeconds } },
    );
  }
  const { predictions, unknown } = seen.classification;
  const record: FeedbackRecord = {
    schemaVersion: 1,
    id: await feedbackIdOf(keyId ?? "", crypto.randomUUID(), index, compactDay(now)),
    model,
    source: "feedback",
    status: "quarantined",
    label,
    answer: { version: seen.version, top: predictions[0] ?? null, unknown },
    image: kept?.facts ?? null,
    keyId,
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + settings.feedback.keptMs).toISOString(),
  };
  await shelveFeedback(store, record, kept?.bytes ?? null);
  return receiptOf(record);
}

function receiptOf({ id, status, image, expiresAt }: FeedbackRecord): Receipt {
  return { id, status, kept: image !== null, expiresAt };
}

function noFeedback(): AppError {
  return new AppError("not_found", "there is no feedback of that id; it may have been deleted");
}
