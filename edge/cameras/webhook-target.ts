import { AppError } from "../../shared/contract/errors.ts";

const loopbackHosts = new Set(["127.0.0.1", "[::1]", "localhost"]);

/**
 * Checks where events may be sent: https, a host of the list, no address literal, no name of a private network. Loopback
 * and plain http only where the list names the loopback host itself, which makes sense on a developer's machine alone.
 * @param hosts names, or `*.example.com` for those below one
 * @throws {AppError} invalid_argument
 */
export function parseWebhookUrl(text: string, hosts: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw refused("it is no URL");
  const isOwn = loopbackHosts.has(url.hostname) && hosts.includes(url.hostname);
  if (url.protocol !== "https:" && !(isOwn && url.protocol === "http:")) throw refused("it is not https");
  if (url.username !== "" || url.password !== "") throw refused("it holds credentials");
  if (url.hash !== "") throw refused("it has a fragment");
  if (isOwn) return url;
  if (isAddress(url.hostname)) throw refused("it names an address, not a host");
  if (/^[^.]*$|\.(?:localhost|local|internal|intranet|lan|home|corp|arpa)\.?$/.test(url.hostname)) {
    throw refused("it names a host of a private network");
  }
  if (!hosts.some((host) => matches(host, url.hostname))) {
    throw refused(
      `its host is not one of those that are allowed (${hosts.join(", ") || "none; set WEBHOOK_HOSTS"})`,
    );
  }
  return url;
}

/** URLs bring every way to write an IPv4 address into dotted decimals. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

function matches(pattern: string, hostname: string): boolean {
  return pattern.startsWith("*.")
    ? hostname.endsWith(pattern.slice(1)) && hostname.length >= pattern.length
    : hostname === pattern;
}

function refused(reason: string): AppError {
  return new AppError(
    "invalid_argument",
    `the webhook cannot go there: ${reason}; give an https URL of an allowed host`,
  );
}
