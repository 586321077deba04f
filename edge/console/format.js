/**
 * A probability as people read it; never "100 %" or "0 %" for what is only near it.
 * @param {number} probability 0-1
 * @returns {string} e.g. `97.3 %`
 */
export function formatPercent(probability) {
  if (probability > 0.9995 && probability < 1) return "> 99.9 %";
  if (probability < 0.0005 && probability > 0) return "< 0.1 %";
  return `${(probability * 100).toFixed(1)} %`;
}

/**
 * A size in decimal units, as phones and desktops show it.
 * @param {number} bytes whole number >= 0
 * @returns {string} e.g. `3.4 MB`
 */
export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/**
 * A duration with the digits that matter.
 * @param {number} milliseconds >= 0
 * @returns {string} e.g. `84 ms` or `1.24 s`
 */
export function formatDuration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)} ms`;
}

/**
 * The phases of a `Server-Timing` header that took any time. A deployed Worker's clock stands still while it computes,
 * so a zero there means "not measured" and is left out.
 * @param {string | null} header
 * @returns {{ name: string, milliseconds: number }[]}
 */
export function parseServerTiming(header) {
  const phases = [];
  for (const entry of (header ?? "").split(",")) {
    const [name = "", ...parameters] = entry.split(";").map((part) => part.trim());
    const described = parameters.find((part) => part.startsWith("desc="))?.slice(5);
    const duration = Number(parameters.find((part) => part.startsWith("dur="))?.slice(4));
    if (duration > 0)
      phases.push({
        name: described ? `${name} (${described.replaceAll('"', "")})` : name,
        milliseconds: duration,
      });
  }
  return phases;
}

/**
 * The shell command that sends the same photo.
 * @param {URL} url
 * @param {string} fileName
 * @param {string} mediaType
 * @param {boolean} needsKey whether a place for the API key is shown; never the key itself
 * @returns {string}
 */
export function curlCommand(url, fileName, mediaType, needsKey) {
  const headers = [`content-type: ${mediaType}`, ...(needsKey ? ["authorization: Bearer YOUR_KEY"] : [])];
  const named = headers.map((header) => `-H ${quoteForShell(header)}`).join(" ");
  return `curl --data-binary ${quoteForShell(`@${fileName}`)} ${named} ${quoteForShell(url.href)}`;
}

/**
 * The same words with a capital and a full stop.
 * @param {string} text
 */
export function asSentence(text) {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** @param {string} text */
function quoteForShell(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
