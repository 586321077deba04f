import type { MiddlewareHandler } from "hono";
import { requestLimits } from "../../shared/contract/classify-request.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { readCredential } from "../auth/credential.ts";
import { parseParts } from "../http/multipart.ts";
import { readBody } from "../http/read-body.ts";

/**
 * Takes the API key from the field `api_key` of a form, as DeepStack's clients send it, where no header has one: what
 * follows finds it in `x-api-key`, and the form, which can be read once, at `context.get("form")`.
 */
export const takeFormKey: MiddlewareHandler<AppEnvironment> = async (context, next) => {
  const { raw } = context.req;
  const contentType = raw.headers.get("content-type") ?? "";
  if (readCredential(raw.headers) === null && /^multipart\/form-data\b/i.test(contentType)) {
    const form = parseParts(await readBody(raw, requestLimits.bodyBytes), contentType);
    context.set("form", form);
    const field = form.find((part) => part.field === "api_key" && !part.isFile);
    const key = new TextDecoder().decode(field?.bytes.subarray(0, 512)).trim();
    // what is no header value is no key either
    if (/^[\x21-\x7e]+$/.test(key)) {
      const headers = new Headers(raw.headers);
      headers.set("x-api-key", key);
      context.req.raw = new Request(raw.url, { method: raw.method, headers });
    }
  }
  await next();
};
