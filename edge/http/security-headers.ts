import type { MiddlewareHandler } from "hono";
import type { AppEnvironment } from "../app-environment.ts";

/** For every answer that does not bring its own. */
const headers: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(self), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Puts the security headers on every answer; an answer that is a page brings a content security policy of its own. */
export function securityHeaders(): MiddlewareHandler<AppEnvironment> {
  return async function addSecurityHeaders(context, next) {
    await next();
    // in place: the context's own way to set a header makes a whole answer anew, for each of them
    const answered = context.res.headers;
    for (const [name, value] of Object.entries(headers)) {
      if (!answered.has(name)) answered.set(name, value);
    }
    if (context.req.url.startsWith("https:")) answered.set("strict-transport-security", "max-age=31536000");
  };
}
