import { isRecord, request } from "./api.js";
import { failure } from "./failure.js";
import { keyHeaders } from "./key.js";

/**
 * What waits for a person's decision, as far as the page reads it.
 * @typedef {{ id: string, model: string, source: string, label: string | null, createdAt: string,
 *   answer: { version: string, unknown: boolean, top: { label: string, probability: number } | null } | null,
 *   image: { format: string } | null }} Waiting
 */

/** @typedef {{ decision: "accept", label: string } | { decision: "discard" }} Decision */

/** The model whose feedback is reviewed: `?model=` of the page, else the one that is served. */
const model = new URL(document.baseURI).searchParams.get("model");

/**
 * A page of what waits.
 * @param {string | null} cursor of the page before, `null` for the first
 * @returns {Promise<{ items: Waiting[], cursor: string | null }>}
 * @throws {ConsoleError}
 */
export async function waitingPage(cursor) {
  const url = feedbackUrl("");
  if (cursor !== null) url.searchParams.set("cursor", cursor);
  const { response, body } = await request(url, { cache: "no-store" });
  if (!response.ok || !isRecord(body) || !Array.isArray(body["items"])) throw failure(response, body);
  const next = body["cursor"];
  return { items: body["items"].filter(isWaiting), cursor: typeof next === "string" ? next : null };
}

/**
 * The image of an item as a URL that the caller revokes.
 * @param {Waiting} item
 * @returns {Promise<string>}
 * @throws {ConsoleError}
 */
export async function imageUrl(item) {
  const response = await fetch(feedbackUrl(`/${item.id}/image`), { headers: keyHeaders() });
  if (!response.ok) throw failure(response, undefined);
  return URL.createObjectURL(await response.blob());
}

/**
 * Sends what a person decided.
 * @param {Waiting} item
 * @param {Decision} decision
 * @throws {ConsoleError}
 */
export async function decide(item, decision) {
  const { response, body } = await request(feedbackUrl(`/${item.id}/review`), {
    method: "POST",
    body: JSON.stringify(decision),
    headers: { "content-type": "application/json" },
  });
  if (!response.ok) throw failure(response, body);
}

/**
 * The classes of the model that answered; none where they cannot be read.
 * @param {Waiting} item
 * @returns {Promise<string[]>}
 */
export async function labelsOf({ model: name, answer }) {
  if (answer === null) return [];
  const path = `../models/${name}/versions/${answer.version}/manifest.json`;
  const { response, body } = await request(new URL(path, document.baseURI), {});
  const labels = response.ok && isRecord(body) ? body["labels"] : [];
  return Array.isArray(labels) ? labels.filter((label) => typeof label === "string") : [];
}

/** @param {string} path below `/feedback` */
function feedbackUrl(path) {
  const url = new URL(`../feedback${path}`, document.baseURI);
  if (model !== null) url.searchParams.set("model", model);
  return url;
}

/**
 * @param {unknown} value
 * @returns {value is Waiting}
 */
function isWaiting(value) {
  return isRecord(value) && typeof value["id"] === "string" && typeof value["source"] === "string";
}
