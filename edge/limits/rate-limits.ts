import { AppError } from "../../shared/contract/errors.ts";
import type { Log } from "../ports.ts";
import type { RateSubject, Settings } from "../settings.ts";

/** What limits how often one key, and one address, may ask. */
export type RateLimits = Readonly<Record<RateSubject, RateLimit>>;

/**
 * Counts one request; the platform counts for each of its locations by itself, and only says yes or no.
 * A limiter that fails lets the request through.
 * @param id of the key or address
 * @throws {AppError} rate_limited
 */
export async function countRequest(
  { limits, settings, log }: { readonly limits: RateLimits; readonly settings: Settings; readonly log: Log },
  subject: RateSubject,
  id: string,
): Promise<void> {
  const { requests, seconds } = settings.rates[subject];
  if (await isWithin(limits[subject], id, log)) return;
  throw new AppError(
    "rate_limited",
    `more than ${requests} requests in ${seconds} seconds of one ${subject}; ask again after Retry-After`,
    { details: { retryAfterMs: 1000 * seconds } },
  );
}

async function isWithin(limit: RateLimit, key: string, log: Log): Promise<boolean> {
  try {
    return (await limit.limit({ key })).success;
  } catch (error) {
    log({ level: "warn", event: "rate-limit-failed", reason: String(error) });
    return true;
  }
}

/** Value of the header `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
export function describePolicies({ rates }: Pick<Settings, "rates">): string {
  return Object.entries(rates)
    .map(([name, { requests, seconds }]) => `"${name}";q=${requests};w=${seconds}`)
    .join(", ");
}

/** Whom an address stands for: itself, or the network of 64 bits that one household or phone has of IPv6. */
export function addressOf(headers: Headers): string {
  const address = headers.get("cf-connecting-ip") ?? "unknown";
  return address.includes(":") && !address.includes(".") ? `${networkOf(address)}::/64` : address;
}

function networkOf(address: string): string {
  const [head = "", tail] = address.toLowerCase().split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const whole = [
    ...groups,
    ...Array.from({ length: Math.max(0, missing) }, () => "0"),
    ...(tail?.split(":") ?? []),
  ];
  return whole
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
