import { isRecord, request } from "./api.js";
import { asSentence } from "./format.js";

/**
 * What the top of the page says about the server; an empty `warning` is none.
 * @typedef {{ health: "ready" | "warned" | "unready" | "unreachable", text: string, warning: string }} Served
 */

/**
 * What `GET /health/ready` answers, as far as the page reads it.
 * @typedef {{ model: string, alias: string, version: string, refused?: { version: string, detail: string }[] }} Readiness
 */

/**
 * Asks the server which version it serves.
 * @returns {Promise<Served>} never rejects: being out of reach is an answer too
 */
export async function served() {
  try {
    const { response, body } = await request(new URL("health/ready", document.baseURI), {
      cache: "no-store",
    });
    return response.ok ? describeReady(/** @type {Readiness} */ (body)) : describeUnready(body);
  } catch {
    const text = navigator.onLine ? "The server cannot be reached" : "This device is offline";
    return { health: "unreachable", text, warning: "" };
  }
}

/**
 * @param {Readiness} readiness
 * @returns {Served}
 */
function describeReady(readiness) {
  const text = `${readiness.model} · ${readiness.alias} · ${readiness.version}`;
  const [refused] = readiness.refused ?? [];
  if (!refused) return { health: "ready", text, warning: "" };
  const warning = `Version ${refused.version} was refused and the one before keeps serving: ${refused.detail}`;
  return { health: "warned", text, warning };
}

/**
 * @param {unknown} body
 * @returns {Served}
 */
function describeUnready(body) {
  const detail = isRecord(body) && typeof body["detail"] === "string" ? body["detail"] : "";
  return {
    health: "unready",
    text: "No model is served",
    warning: detail === "" ? "No model is served yet." : `No model is served yet. ${asSentence(detail)}`,
  };
}
