import { isRecord, request } from "./api.js";
import { readEventStream } from "./event-stream.js";
import { failure } from "./failure.js";
import { keyHeaders } from "./key.js";

/**
 * A part of the frame, each number a fraction of its side.
 * @typedef {{ left: number, top: number, width: number, height: number }} Region
 */

/**
 * The part of a camera's configuration that the page changes.
 * @typedef {{ region: Region | null, vote: { k: number, n: number }, minProbability: number, hysteresis: number,
 *   evidencePerVote: number, cooldownSeconds: number }} Tuning
 */

/**
 * A camera, as far as the pages read it.
 * @typedef {{ id: string, config: Tuning,
 *   state: { label: string | null, since: string | null, probability: number },
 *   health: { lastSeenAt: string | null, framesPerSecond: number | null, faults: string[] } }} Camera
 */

/**
 * A recent frame, as far as the page reads it.
 * @typedef {{ at: string, outcome: string, verdict: string, vote: string | null, probability: number,
 *   state: string | null, unknown: boolean, picture: number | null }} Frame
 */

/**
 * What a camera told of.
 * @typedef {{ type: string, sequence: number, at: string, label?: string, probability?: number, previous?: string,
 *   fault?: string, active?: boolean }} CameraEvent
 */

/**
 * The cameras of a site.
 * @param {string} site
 * @returns {Promise<Camera[]>}
 * @throws {ConsoleError}
 */
export async function camerasOf(site) {
  const url = apiUrl("cameras");
  url.searchParams.set("site", site);
  return listOf(await ask(url), "cameras");
}

/**
 * @param {string} id
 * @returns {Promise<Camera>}
 * @throws {ConsoleError}
 */
export async function cameraNamed(id) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same server's answer
  return /** @type {Camera} */ (await ask(cameraUrl(id)));
}

/**
 * The last frames, the oldest first; asking makes the next ones come with pictures for a while.
 * @param {string} id
 * @returns {Promise<Frame[]>}
 * @throws {ConsoleError}
 */
export async function recentFrames(id) {
  return listOf(await ask(cameraUrl(id, "/recent")), "frames");
}

/**
 * The last events, the newest first.
 * @param {string} id
 * @returns {Promise<CameraEvent[]>}
 * @throws {ConsoleError}
 */
export async function lastEvents(id) {
  return listOf(await ask(cameraUrl(id, "/events?limit=50")), "events");
}

/**
 * What the last frames would have meant with a change, which is not kept.
 * @param {string} id
 * @param {Partial<Tuning>} change
 * @param {AbortSignal} signal
 * @returns {Promise<Frame[]>}
 * @throws {ConsoleError}
 */
export async function previewFrames(id, change, signal) {
  return listOf(await ask(cameraUrl(id, "/preview"), { ...withBody("POST", change), signal }), "frames");
}

/**
 * Keeps a change.
 * @param {string} id
 * @param {Partial<Tuning>} change
 * @returns {Promise<Camera>}
 * @throws {ConsoleError}
 */
export async function saveTuning(id, change) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same server's answer
  return /** @type {Camera} */ (await ask(cameraUrl(id), withBody("PATCH", change)));
}

/**
 * The picture of a frame as a URL that the caller revokes, `null` where it is held no more.
 * @param {string} id
 * @param {number} number
 * @returns {Promise<string | null>}
 */
export async function pictureUrl(id, number) {
  const response = await fetch(cameraUrl(id, `/pictures/${number}`), { headers: keyHeaders() });
  return response.ok ? URL.createObjectURL(await response.blob()) : null;
}

/**
 * Follows what a camera sees and tells of, until the server ends it or the signal does.
 * @param {string} id
 * @param {{ onFrame: (frame: Frame) => void, onEvent: (event: CameraEvent) => void, onOpen: () => void }} hear
 * @param {AbortSignal} signal
 */
export async function follow(id, { onFrame, onEvent, onOpen }, signal) {
  const headers = { ...keyHeaders(), accept: "text/event-stream" };
  const response = await fetch(cameraUrl(id, "/events?frames=1"), { headers, signal });
  if (!response.ok || response.body === null) throw failure(response, undefined);
  onOpen();
  await readEventStream(response.body, ({ type, data }) => {
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- the same server's answer, read as declared
    const told = JSON.parse(data);
    if (type === "frame") onFrame(told);
    else onEvent(told);
  });
}

/** @param {string} id @param {string} [path] below the camera's own */
function cameraUrl(id, path = "") {
  return apiUrl(`cameras/${encodeURIComponent(id)}${path}`);
}

/** @param {string} path */
function apiUrl(path) {
  return new URL(`../${path}`, document.baseURI);
}

/** @param {string} method @param {unknown} body */
function withBody(method, body) {
  return { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

/**
 * @param {URL} url
 * @param {Parameters<typeof request>[1]} [init]
 * @returns {Promise<Record<string, unknown>>}
 */
async function ask(url, init = {}) {
  const { response, body } = await request(url, { cache: "no-store", ...init });
  if (!response.ok || !isRecord(body)) throw failure(response, body);
  return body;
}

/**
 * @param {Record<string, unknown>} body
 * @param {string} name
 * @returns {any[]}
 */
function listOf(body, name) {
  const list = body[name];
  return Array.isArray(list) ? list : [];
}
