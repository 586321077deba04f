import type { Context } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";

/**
 * Lets a request with a body on while the isolate can answer it in time and hold its body; once is enough.
 * @param limitBytes what is kept of the body at most; the largest that any route takes unless told
 * @throws {AppError} overloaded, and what `next` throws
 */
export async function admit<T>(
  context: Context<AppEnvironment>,
  { turns, bodies }: Pick<Services, "turns" | "bodies">,
  next: () => Promise<T>,
  limitBytes?: number,
): Promise<T> {
  const request = context.req.raw;
  if (request.body === null || context.get("isAdmitted") === true) return next();
  context.set("isAdmitted", true);
  turns.requireRoom();
  return bodies.hold(request, next, limitBytes);
}
