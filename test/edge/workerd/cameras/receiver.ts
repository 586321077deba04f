import type { CameraEvent } from "../../../../shared/contract/camera-event.ts";

/** Somebody's endpoint: checks signatures by itself and keeps the ids it has seen, as a receiver should. */
export class Receiver {
  /** What it answers; `"nothing"` is a connection that fails. */
  status: number | "nothing" = 200;
  /** By URL, to tell targets apart. */
  readonly secrets = new Map<string, string>();
  /** Every post that came, accepted or not. */
  readonly posts: { readonly id: string; readonly url: string; readonly redirect: string | undefined }[] = [];
  /** Events that were accepted, one for each id. */
  readonly events = new Map<string, CameraEvent>();
  /** Posts whose signature or time was wrong. */
  forged = 0;
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Takes one post. */
  async receive(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const id = headers.get("webhook-id") ?? "";
    const timestamp = headers.get("webhook-timestamp") ?? "";
    this.posts.push({ id, url, redirect: init.redirect });
    if (this.status === "nothing") throw new TypeError("connection refused");
    const body = typeof init.body === "string" ? init.body : "";
    const isRecent = Math.abs(this.#clock() / 1000 - Number(timestamp)) < 300;
    const isSigned = await verify(
      this.secrets.get(url) ?? "",
      `${id}.${timestamp}.${body}`,
      headers.get("webhook-signature") ?? "",
    );
    if (!isRecent || !isSigned) this.forged++;
    else if (this.status < 300) this.events.set(id, JSON.parse(body));
    return new Response(null, {
      status: this.status,
      headers: this.status === 302 ? { location: "https://169.254.169.254/" } : {},
    });
  }
}

/** Standard Webhooks: HMAC-SHA256 with the bytes behind `whsec_`. */
async function verify(secret: string, signed: string, header: string): Promise<boolean> {
  const bytes = Uint8Array.from(atob(secret.replace("whsec_", "")), (c) => c.charCodeAt(0));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
  const mac = Uint8Array.from(atob(header.replace("v1,", "")), (c) => c.charCodeAt(0));
  return crypto.subtle.verify("HMAC", key, mac, new TextEncoder().encode(signed));
}
