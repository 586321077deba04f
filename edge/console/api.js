import { asSentence, formatBytes, parseServerTiming } from "./format.js";
import { keyHeaders, keyNeeded } from "./key.js";

/** @typedef {{ label: string, classIndex: number, probability: number }} Prediction */

/**
 * What `POST /classify` answers, as far as the page reads it.
 * @typedef {{ model: string, version: string, predictions: Prediction[], unknown: boolean, threshold: number,
 *   recognized: boolean, requestId: string, explanation?: { label: string, overlay?: string } }} Classification
 */

/**
 * Who is asked: what serves where it names nothing.
 * @typedef {{ model?: string, alias?: string, version?: string }} Target
 */

/**
 * An answer with what the browser measured: `roundTripMs` from sending to the whole answer read.
 * @typedef {{ classification: Classification, roundTripMs: number, phases: { name: string, milliseconds: number }[] }} Answer
 */

/** The most bytes the server takes for one image; refusing here spares a phone a useless upload. */
const maxImageBytes = 15_000_000;

/** Classes asked for: what fits on a phone without scrolling. */
const topK = 10;

/** A failure told to the visitor: what went wrong, and what to do about it. */
export class ConsoleError extends Error {
  /**
   * @param {string} title
   * @param {string} detail
   * @param {{ advice?: string, reference?: string, canRetry?: boolean, code?: string, cause?: unknown }} [options]
   */
  constructor(title, detail, options = {}) {
    super(detail, { cause: options.cause });
    this.title = title;
    this.advice = options.advice ?? "";
    this.reference = options.reference ?? "";
    this.canRetry = options.canRetry ?? false;
    /** The server's stable code, empty where it gave none. */
    this.code = options.code ?? "";
  }
}

/** @type {Target} */
let target = {};

/**
 * Chooses who is asked from now on.
 * @param {Target} chosen
 */
export function askFrom(chosen) {
  target = chosen;
}

/**
 * Where photos are sent; relative to the page, so that the Worker may live under a path.
 * @param {boolean} [explain] whether the map of the top class is asked for
 */
export function classifyUrl(explain = false) {
  const { model, ...pin } = target;
  const path = model === undefined ? "classify" : `models/${encodeURIComponent(model)}/classify`;
  const url = new URL(path, document.baseURI);
  const asked = { topK: String(topK), ...pin, ...(explain ? { explain: "cam" } : {}) };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return url;
}

/**
 * Sends the photo as it is, and reads the answer.
 * @param {File} file
 * @param {AbortSignal} signal
 * @param {boolean} [explain] whether the map of the top class is asked for
 * @returns {Promise<Answer>}
 * @throws {ConsoleError} when it is refused, here or by the server, or the server is out of reach
 */
export async function classify(file, signal, explain = false) {
  refuseBeforeUpload(file);
  const startedAt = performance.now();
  const { response, body } = await request(classifyUrl(explain), {
    method: "POST",
    body: file,
    headers: { "content-type": mediaTypeOf(file), accept: "application/json" },
    signal,
  });
  const roundTripMs = performance.now() - startedAt;
  if (!response.ok || !isClassification(body)) throw problemError(response, body);
  return {
    classification: body,
    roundTripMs,
    phases: parseServerTiming(response.headers.get("server-timing")),
  };
}

/**
 * The type the file is sent with. Anything but an image goes as plain bytes: the server then says what it found in them.
 * @param {File} file
 */
export function mediaTypeOf(file) {
  return file.type.startsWith("image/") ? file.type : "application/octet-stream";
}

/** @param {File} file */
function refuseBeforeUpload(file) {
  if (file.size === 0) {
    throw new ConsoleError("This file is empty", `"${file.name}" has no bytes.`, {
      advice: "Choose another photo.",
    });
  }
  if (file.size > maxImageBytes) {
    throw new ConsoleError(
      "This photo is too large",
      `"${file.name}" is ${formatBytes(file.size)}; the limit is ${formatBytes(maxImageBytes)}.`,
      { advice: "Export a smaller copy and choose that. Nothing was sent." },
    );
  }
}

/**
 * Whether a body is what `POST /classify` promises.
 * @param {unknown} body
 * @returns {body is Classification}
 */
function isClassification(body) {
  return isRecord(body) && typeof body["version"] === "string" && Array.isArray(body["predictions"]);
}

/**
 * Whether a value is an object whose members may be looked at.
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isRecord(value) {
  return typeof value === "object" && value !== null;
}

/**
 * Sends one request, with the tab's API key where it has one, and reads its whole body.
 * @param {URL} url
 * @param {Omit<RequestInit, "headers"> & { headers?: Record<string, string> }} [init]
 * @returns {Promise<{ response: Response, body: unknown, text: string }>} `body` is `undefined` when it is not JSON, as of a proxy between
 */
export async function request(url, init = {}) {
  try {
    /** @type {Record<string, string>} */
    const headers = { ...init.headers, ...keyHeaders() };
    const response = await fetch(url, { ...init, headers });
    const text = await response.text();
    const body = parseJson(text);
    // of a key that was replaced meanwhile, nobody needs to hear
    if (response.status === 401 && headers["authorization"] === keyHeaders()["authorization"])
      sayKeyNeeded(body);
    return { response, body, text };
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ConsoleError("The server cannot be reached", `No answer from ${url.host}.`, {
      advice: navigator.onLine
        ? "Check that the Worker is running, then try again."
        : "This device is offline. Try again once it is connected.",
      canRetry: true,
      cause: error,
    });
  }
}

/** @param {unknown} body the problem */
function sayKeyNeeded(body) {
  const detail = isRecord(body) && typeof body["detail"] === "string" ? asSentence(body["detail"]) : "";
  document.dispatchEvent(new CustomEvent(keyNeeded, { detail }));
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a visitor can do about a problem, by its stable code. */
const advice = new Map([
  ["unsupported_media_type", "Choose another photo. A phone's HEIC photo can be shared as JPEG."],
  ["invalid_image", "The file may be damaged or cut short. Choose another photo, or export it again."],
  ["image_too_large", "Export a smaller copy and choose that."],
  ["payload_too_large", "Export a smaller copy and choose that."],
  ["unauthorized", "Enter an API key above; the operator makes one with edgewise keys create."],
  ["forbidden", "Enter another API key, one with the scope that is named."],
  ["rate_limited", "Wait a few seconds, then try again."],
  ["overloaded", "Many ask at once. Try again in a moment."],
  ["model_unavailable", "Publish and promote a model, or wait for the one being loaded, then try again."],
]);

/**
 * The error for an answer that is not a classification: an RFC 9457 problem, or whatever something in between sent.
 * @param {Response} response
 * @param {unknown} body
 */
function problemError(response, body) {
  const problem = isRecord(body) ? body : {};
  const { title, detail, code, instance } = problem;
  const asked = typeof instance === "string" ? ` · ${instance.replace("urn:request:", "request ")}` : "";
  return new ConsoleError(
    typeof title === "string" ? title : "The server gave no usable answer",
    typeof detail === "string"
      ? asSentence(detail)
      : `It answered HTTP ${response.status} without saying why.`,
    {
      advice: advice.get(String(code)) ?? (response.status >= 500 ? "Try again in a moment." : ""),
      reference: `HTTP ${response.status}${asked}`,
      code: typeof code === "string" ? code : "",
      canRetry: response.status >= 500 || response.status === 429,
    },
  );
}
