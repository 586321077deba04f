import { AppError } from "../../shared/contract/errors.ts";
import { isLoopback } from "../../shared/contract/loopback.ts";

/** What to do where a key is missing. */
export const keyAdvice = "`edgewise keys create <name>` makes one";

/** Said whenever a Worker serves without API keys. */
export const openWarning = `OPEN: everybody on this machine may use this Worker without an API key; for others, ${keyAdvice}`;

/** A command that classifies a photo. @param open whether the Worker needs no key */
export function describeCurl(url: string, open: boolean): string {
  const key = open ? "" : "-H 'authorization: Bearer <key>' ";
  return `  curl --data-binary @photo.jpg -H 'content-type: image/jpeg' ${key}${url}/classify`;
}

/** Refuses to serve other machines without keys. @throws invalid_argument */
export function requireClosedOrLocal({
  host,
  open,
}: {
  readonly host: string;
  readonly open: boolean;
}): void {
  if (!open || isLoopback(host)) return;
  throw new AppError(
    "invalid_argument",
    `an open Worker listens on this machine only, not on ${host}; leave --host out, or leave --open out: ${keyAdvice}`,
  );
}
