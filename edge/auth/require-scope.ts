import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../../shared/contract/errors.ts";
import type { KeyScope } from "../../shared/contract/keys.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { takeFromQuota } from "../limits/daily-quota.ts";
import { countRequest } from "../limits/rate-limits.ts";
import { admit } from "../overload/admit.ts";
import type { Services } from "../services.ts";
import { type Caller, mayDo } from "./caller.ts";
import { readCredential } from "./credential.ts";
import { admitToOpen, refuseForeignPages } from "./open-mode.ts";

/**
 * Lets a request on to a route only from a caller who may do what `scope` names; the route finds who it is at
 * `context.get("caller")`.
 * @throws {AppError} unauthorized, forbidden, rate_limited, quota_exceeded, overloaded, keys_unavailable
 * @example app.post("/classify", requireScope(services, "classify"), (context) => answerClassify(context, services));
 */
export function requireScope(services: Services, scope: KeyScope): MiddlewareHandler<AppEnvironment> {
  return async function checkScope(context, next) {
    const caller = await callerOf(context, services);
    context.set("caller", caller);
    if (!mayDo(caller, scope)) {
      throw new AppError("forbidden", `this API key lacks the scope ${scope}; use one that has it`);
    }
    if (caller.kind === "key") await count(context, services, caller);
    await admit(context, services, next);
  };
}

/** Counts the request by its key. @throws {AppError} rate_limited, quota_exceeded */
async function count(
  context: Context<AppEnvironment>,
  services: Services,
  { id, dailyQuota }: Caller & { readonly kind: "key" },
): Promise<void> {
  await countRequest(services, "key", id);
  if (dailyQuota === undefined || context.req.method !== "POST") return;
  const { used, resetSeconds } = await takeFromQuota(services.quotas, { id, dailyQuota }, services.clock());
  context.header("ratelimit-policy", `"daily";q=${dailyQuota};w=86400`, { append: true });
  context.header("ratelimit", `"daily";r=${dailyQuota - used};t=${resetSeconds}`);
}

async function callerOf(
  context: Context<AppEnvironment>,
  { settings, keys }: Pick<Services, "settings" | "keys">,
): Promise<Caller> {
  if (settings.open) {
    admitToOpen(context.req.raw, settings);
    return { kind: "open" };
  }
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  const credential = readCredential(context.req.raw.headers);
  const key = await keys.identify(credential, keepAlive);
  if (key !== null) {
    // a browser remembers the password of Basic, and sends it whoever's page asks
    if (/^basic /i.test(context.req.header("authorization") ?? ""))
      refuseForeignPages(context.req.raw, settings);
    const { id, name, scopes, dailyQuota } = key;
    return { kind: "key", id, name, scopes, ...(dailyQuota === undefined ? {} : { dailyQuota }) };
  }
  throw new AppError(
    "unauthorized",
    credential === null
      ? "this needs an API key; send it as Authorization: Bearer <key> or X-API-Key: <key>"
      : "this API key is unknown, revoked or expired; ask the operator for another",
  );
}
