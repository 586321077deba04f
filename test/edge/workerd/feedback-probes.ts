import type { FeedbackRecord } from "../../../shared/contract/feedback.ts";
import { feedbackDay } from "../../../shared/contract/feedback.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { solidPng } from "../../fixtures/png.ts";
import { keyProbes, type Probe } from "./openapi-probes.ts";

const red = solidPng(20, 20, [255, 0, 0]);
const base64 = btoa(String.fromCharCode(...red));
const idOf = (number: number): string => `20260131-${String(number).padStart(32, "0")}`;
/** Of feedback that is not there. */
export const absent = idOf(9);

function json(value: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    body: JSON.stringify(value),
    headers: { "content-type": "application/json", ...headers },
  };
}

const feedback = { label: "red", consent: true, image: base64 };
const once = { "idempotency-key": "the-same" };
const giant = btoa(String.fromCharCode(...solidPng(1, 1, [0, 0, 0]).map((byte, i) => (i === 16 ? 1 : byte))));

/** Requests for the operations on feedback; {@link putFeedback} makes what they are about. */
export const feedbackProbes: readonly Probe[] = [
  ...keyProbes("sendFeedback", "POST"),
  { operation: "sendFeedback", status: 201, init: json(feedback, once) },
  { operation: "sendFeedback", status: 201, init: json({ ...feedback, consent: false }) },
  { operation: "sendFeedback", status: 400, init: json({ label: "red" }) },
  {
    operation: "sendFeedback",
    status: 404,
    init: json({ label: "red", consent: true, requestId: "unheard-of" }),
  },
  { operation: "sendFeedback", status: 413, init: json({ ...feedback, image: giant }) },
  { operation: "sendFeedback", status: 415, init: { method: "POST", body: "red" } },
  { operation: "sendFeedback", status: 422, init: json({ ...feedback, label: "blue" }, once) },
  ...keyProbes("listFeedback"),
  { operation: "listFeedback", status: 200 },
  { operation: "listFeedback", status: 400, path: "/feedback?status=anything" },
  ...keyProbes("readFeedbackImage"),
  { operation: "readFeedbackImage", status: 200, path: `/feedback/${idOf(1)}/image` },
  { operation: "readFeedbackImage", status: 404, path: `/feedback/${absent}/image` },
  ...keyProbes("reviewFeedback", "POST"),
  {
    operation: "reviewFeedback",
    status: 200,
    path: `/feedback/${idOf(2)}/review`,
    init: json({ decision: "accept", label: "red" }),
  },
  { operation: "reviewFeedback", status: 400, path: `/feedback/${idOf(2)}/review`, init: json({}) },
  {
    operation: "reviewFeedback",
    status: 404,
    path: `/feedback/${absent}/review`,
    init: json({ decision: "discard" }),
  },
  ...keyProbes("deleteFeedback", "DELETE"),
  { operation: "deleteFeedback", status: 204, path: `/feedback/${idOf(3)}`, init: { method: "DELETE" } },
  { operation: "deleteFeedback", status: 404, init: { method: "DELETE" } },
];

/** Puts the records that the probes are about. */
export async function putFeedback(store: ObjectStore, model: string): Promise<void> {
  for (const id of [1, 2, 3].map(idOf)) {
    const record: FeedbackRecord = {
      schemaVersion: 1,
      id,
      model,
      source: "unknown",
      status: "quarantined",
      label: null,
      answer: null,
      image: { format: "png", bytes: red.length, sha256: "0".repeat(64), perceptualHash: "0".repeat(16) },
      keyId: null,
      createdAt: "2026-01-31T00:00:00Z",
      expiresAt: "2026-03-02T00:00:00Z",
    };
    const day = feedbackDay(id);
    await store.put(objectKeys.feedbackImage(model, day, id, "png"), red);
    await store.put(
      objectKeys.feedbackRecord(model, day, id),
      new TextEncoder().encode(JSON.stringify(record)),
    );
  }
}
