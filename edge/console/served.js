import { isRecord, request } from "./api.js";
import { asSentence } from "./format.js";

/**
 * What the top of the page says about the server; an empty `warning` is none.
 * @typedef {{ health: "ready" | "warned" | "unready" | "unreachable", text: string, warning: string }} Served
 */

/**
 * What `GET /health/ready` answers when a model serves, as far as the page reads it.
 * @typedef {{ model: string, alias: string, version: string, refused: { version: string, detail: string }[] }} Readiness
 */

/**
 * Asks the server which version it serves.
 * @returns {Promise<Served>} never rejects: being out of reach is an answer too
 */
export async function served() {
  try {
    const { body } = await request(new URL("health/ready", document.baseURI), { cache: "no-store" });
    return isReadiness(body) ? describeReady(body) : describeUnready(body);
  } catch {
    const text = navigator.onLine ? "The server cannot be reached" : "This device is offline";
    return { health: "unreachable", text, warning: "" };
  }
}

/**
 * @param {unknown} body
 * @returns {body is Readiness}
 */
function isReadiness(body) {
  return isRecord(body) && typeof body["version"] === "string" && Array.isArray(body["refused"]);
}

/**
 * @param {Readiness} readiness
 * @returns {Served}
 */
function describeReady({ model, alias, version, refused }) {
  const text = `${model} · ${alias} · ${version}`;
  const [latest] = refused;
  if (!latest) return { health: "ready", text, warning: "" };
  const warning = `Version ${latest.version} was refused, the one before keeps serving. ${asSentence(latest.detail)}`;
  return { health: "warned", text, warning };
}

/**
 * @param {unknown} body a problem, or whatever something in between sent
 * @returns {Served}
 */
function describeUnready(body) {
  const detail =
    isRecord(body) && typeof body["detail"] === "string" ? body["detail"] : "no model is served yet";
  return { health: "unready", text: "No model is served", warning: asSentence(detail) };
}
