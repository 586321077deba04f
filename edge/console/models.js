import { isRecord, request } from "./api.js";

/** @typedef {import("./api.js").Target} Target */

/**
 * What a manifest says of a version, as far as the page reads it.
 * @typedef {{ model: string, version: string, labels: string[], thresholds: number[], files: { bytes: number }[],
 *   metrics: { bundle: { images: number, top1Accuracy: number, macroF1: number, expectedCalibrationError: number } } | null }} Manifest
 */

/**
 * One that can be asked.
 * @typedef {{ name: string, version: string, target: Target, manifest: Manifest | undefined }} Answerer
 */

/** Versions listed of each model: older ones are there for those who know their names. */
const listedVersions = 5;

/** By URL: a version never changes. @type {Map<string, Promise<Manifest | undefined>>} */
const manifests = new Map();

/**
 * The aliases of every model, and its latest versions, with what was measured of each.
 * @returns {Promise<Answerer[]>} none where the list cannot be read
 * @throws {ConsoleError} when the server is out of reach
 */
export async function answerers() {
  const { body } = await request(new URL("models", document.baseURI));
  if (!isRecord(body) || !Array.isArray(body["models"])) return [];
  /** @type {{ model: string, versions: string[], aliases: { alias: string, version: string }[] }[]} */
  const models = body["models"];
  const found = models.flatMap(({ model, versions, aliases }) => [
    ...aliases.map(({ alias, version }) => ({
      name: `${model} · ${alias}`,
      version,
      target: { model, alias },
    })),
    ...versions
      .slice(0, listedVersions)
      .map((version) => ({ name: `${model} · ${version}`, version, target: { model, version } })),
  ]);
  return Promise.all(
    found.map(async (answerer) => ({
      ...answerer,
      manifest: await manifestOf(answerer.target.model, answerer.version),
    })),
  );
}

/**
 * @param {string} model
 * @param {string} version
 * @returns {Promise<Manifest | undefined>} `undefined` where it cannot be read
 */
export function manifestOf(model, version) {
  const path = `models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}/manifest.json`;
  const known = manifests.get(path);
  if (known) return known;
  const read = readManifest(path);
  manifests.set(path, read);
  return read;
}

/**
 * @param {string} path
 * @returns {Promise<Manifest | undefined>}
 */
async function readManifest(path) {
  try {
    const { response, body } = await request(new URL(path, document.baseURI));
    return response.ok && isManifest(body) ? body : undefined;
  } catch {
    manifests.delete(path);
    return undefined;
  }
}

/**
 * @param {unknown} body
 * @returns {body is Manifest}
 */
function isManifest(body) {
  return isRecord(body) && Array.isArray(body["thresholds"]) && Array.isArray(body["files"]);
}
