import type { Context, MiddlewareHandler } from "hono";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { readCredential } from "../auth/credential.ts";
import { parseParts } from "../http/multipart.ts";
import { readBody } from "../http/read-body.ts";
import { admit } from "../overload/admit.ts";
import { BodyBudget } from "../overload/body-budget.ts";
import type { Services } from "../services.ts";

/** Of all forms whose callers are not known yet: they must not keep out those that are. */
const strangersBytes = 4_000_000;
const strangersMs = 10_000;

/**
 * Takes the API key from the field `api_key` of a form, as DeepStack's clients send it, where one is needed and no header
 * has it: what follows finds it in `x-api-key`, and the form, which can be read once, at `context.get("form")`.
 */
export function takeFormKey(services: Services): MiddlewareHandler<AppEnvironment> {
  const { clock, wait } = services;
  const strangers = new BodyBudget({ clock, wait, budgetBytes: strangersBytes });
  return async (context, next) => {
    const { headers } = context.req.raw;
    const isForm = /^multipart\/form-data\b/i.test(headers.get("content-type") ?? "");
    if (services.settings.open || readCredential(headers) !== null || !isForm) return next();
    const readAndGoOn = async (): Promise<void> => {
      await readForm(context);
      await next();
    };
    const admitted = (): Promise<void> => admit(context, services, readAndGoOn, strangersBytes);
    return strangers.hold(context.req.raw, admitted, strangersBytes);
  };
}

async function readForm(context: Context<AppEnvironment>): Promise<void> {
  const { raw } = context.req;
  const form = parseParts(await readStrangersBody(raw), raw.headers.get("content-type") ?? "");
  context.set("form", form);
  const field = form.find((part) => part.field === "api_key" && !part.isFile);
  const key = new TextDecoder().decode(field?.bytes.subarray(0, 512)).trim();
  // what is no header value is no key either
  if (!/^[\x21-\x7e]+$/.test(key)) return;
  const headers = new Headers(raw.headers);
  headers.set("x-api-key", key);
  context.req.raw = new Request(raw.url, { method: raw.method, headers });
}

async function readStrangersBody(request: Request): Promise<Uint8Array> {
  try {
    return await readBody(request, strangersBytes, strangersMs);
  } catch (cause) {
    if (!isAppError(cause, "payload_too_large")) throw cause;
    const advice = "or the API key as the header X-API-Key, which allows more";
    throw new AppError("payload_too_large", `${cause.message}, ${advice}`, { cause });
  }
}
