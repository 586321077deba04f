import type { MiddlewareHandler } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";
import { addressOf, countRequest, describePolicies } from "./rate-limits.ts";

/** Refuses an address that asks too often, whatever it asks and by whatever key. @throws {AppError} rate_limited */
export function limitAddresses(
  services: Pick<Services, "settings" | "limits" | "log">,
): MiddlewareHandler<AppEnvironment> {
  return async function limitAddress(context, next) {
    // an open Worker serves its own machine only
    if (services.settings.open) return next();
    context.header("ratelimit-policy", describePolicies(services.settings));
    await countRequest(services, "address", addressOf(context.req.raw.headers));
    return next();
  };
}
