import type { Context } from "hono";
import type { AppEnvironment } from "../app-environment.ts";

const deviceIdForm = /^[\w.:-]{1,128}$/;

/**
 * What a canary is sticky by: the API key, and within it the device that names itself in `X-Device-Id`, since all users
 * of an app share its key; where there is neither, the address.
 */
export function rolloutSubject(context: Context<AppEnvironment>): string {
  const caller = context.get("caller");
  const key = caller?.kind === "key" ? `key ${caller.id}` : "";
  const named = context.req.header("x-device-id") ?? "";
  const device = deviceIdForm.test(named) ? `device ${named}` : "";
  if (key !== "" || device !== "") return `${key} ${device}`;
  return `address ${context.req.header("cf-connecting-ip") ?? ""}`;
}
