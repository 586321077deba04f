import { request } from "./api.js";

/** A deployed Worker has no counters of all its isolates, and they are for admins: what is refused is not asked again. */
let isOffered = true;

/** Requests that were answered by now, and when that was. @type {{ count: number, at: number } | undefined} */
let last;

/**
 * How many classifications a second the whole server answers, by its own counters.
 * @returns {Promise<string>} in words; empty where it has no counters for this page
 */
export async function serverRate() {
  const count = await classified();
  const before = last;
  last = count === undefined ? undefined : { count, at: performance.now() };
  if (!last || !before || last.count < before.count) return "";
  const perSecond = (1000 * (last.count - before.count)) / (last.at - before.at);
  return `This server answers ${perSecond.toFixed(1)} classifications per second, ${last.count} since it started.`;
}

/** @returns {Promise<number | undefined>} */
async function classified() {
  if (!isOffered) return undefined;
  try {
    const { response, text } = await request(new URL("metrics", document.baseURI), { cache: "no-store" });
    // a key may be entered later
    isOffered = response.ok || response.status === 401;
    if (!response.ok) return undefined;
    const lines = text.matchAll(/^edgewise_requests_total\{[^}]*route="[^"]*\/classify"[^}]*\} (\d+)$/gm);
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
  } catch {
    return undefined;
  }
}
