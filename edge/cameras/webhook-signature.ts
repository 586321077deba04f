const prefix = "whsec_";

/** A new secret of a webhook, in the form of Standard Webhooks: `whsec_` and base64 of 32 random bytes. */
export function createWebhookSecret(): string {
  return prefix + btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
}

/**
 * The headers of one delivery by Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`. A receiver checks them
 * with any library of that name, refuses old timestamps and keeps the ids it has seen.
 * @param now milliseconds since 1970
 */
export async function signWebhook(
  secret: string,
  id: string,
  now: number,
  body: string,
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  const bytes = Uint8Array.from(atob(secret.slice(prefix.length)), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${btoa(String.fromCharCode(...mac))}`,
  };
}
