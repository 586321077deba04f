import { type FeedbackSettings, feedbackOff } from "../../../edge/feedback/feedback-settings.ts";
import { feedbackPageSchema, type FeedbackRecord } from "../../../shared/contract/feedback.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { parseWith } from "../../../shared/contract/parse.ts";
import { listAll } from "../../../shared/store/list-all.ts";
import {
  handMadeBundle,
  type HandMadeOptions,
  type ManifestDraft,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import type { Settings } from "../../../edge/settings.ts";
import { type Edge, type EdgeOptions, openEdge } from "./open-edge.ts";

/** Feedback that is switched on; nothing is sampled. */
export const feedbackOn: FeedbackSettings = {
  ...feedbackOff,
  isOn: true,
  dailyCap: 1000,
  keptMs: 30 * 86_400_000,
};
/** Makes a model say of every image that it shows none of the classes. */
export function knowsNothing(manifest: ManifestDraft): void {
  manifest.unknown = { rule: "max-probability", threshold: 1 };
}
/** Makes a model recognise nothing for sure. */
export function isUnsure(manifest: ManifestDraft): void {
  manifest.thresholds = [1, 1, 1];
}

/** Bytes as base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The app with a served model. */
export async function openWithFeedback(
  settings: FeedbackSettings,
  options: HandMadeOptions = {},
  { settings: changed = {}, ...more }: EdgeOptions & { readonly settings?: Partial<Settings> } = {},
): Promise<Edge> {
  const edge = openEdge(undefined, undefined, { feedback: settings, ...changed }, undefined, more);
  const bundle = await handMadeBundle({ model: edge.model, ...options });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
  return edge;
}

/** `POST /feedback` with JSON. */
export async function sendFeedback(
  edge: Edge,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return edge.fetch("/feedback", {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
}

/** What waits for review, or is in another state. */
export async function queueOf(edge: Edge, status = "quarantined"): Promise<readonly FeedbackRecord[]> {
  const response = await edge.fetch(`/feedback?status=${status}`);
  return parseWith(feedbackPageSchema, await response.json(), "the page").items;
}

/** `POST /feedback/{id}/review`. */
export async function sendReview(edge: Edge, id: string, body: unknown): Promise<Response> {
  return edge.fetch(`/feedback/${id}/review`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
}

/** Keys of all that is kept. */
export async function keptOf(edge: Edge): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listAll(edge.store, objectKeys.feedback(edge.model))) keys.push(key);
  return keys;
}
