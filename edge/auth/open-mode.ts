import { AppError } from "../../shared/contract/errors.ts";
import { isLoopback } from "../../shared/contract/loopback.ts";
import type { Settings } from "../settings.ts";

/**
 * Where no key is needed, only this machine is served: a name that leads here from elsewhere (a deployed Worker, another
 * machine, a rebound DNS name) is refused, and so is what a page of a foreign origin sends.
 * @throws {AppError} forbidden
 */
export function admitToOpen(request: Request, { corsOrigins }: Pick<Settings, "corsOrigins">): void {
  const { hostname } = new URL(request.url);
  if (!isLoopback(hostname)) {
    throw new AppError(
      "forbidden",
      `this Worker is open, and open means this machine only, asked for by localhost, not ${hostname}; ` +
        "make API keys with `edgewise keys create` and serve without --open",
    );
  }
  refuseForeignPages(request, { corsOrigins });
}

/**
 * Refuses what a page of another origin sends, where the browser of a caller could be made to send it in his name.
 * @throws {AppError} forbidden
 */
export function refuseForeignPages(request: Request, { corsOrigins }: Pick<Settings, "corsOrigins">): void {
  const page = request.headers.get("origin");
  const isForeign = page !== null && page !== new URL(request.url).origin;
  if (isForeign && corsOrigins !== "*" && !corsOrigins.includes(page)) {
    throw new AppError("forbidden", "pages of other origins may not use this Worker; see CORS_ORIGINS");
  }
}
