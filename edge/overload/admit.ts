import type { Context, MiddlewareHandler } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";

/**
 * Lets a request with a body on while the isolate can answer it in time and hold its body; once is enough.
 * @throws {AppError} overloaded
 */
export async function admit(
  context: Context<AppEnvironment>,
  { turns, bodies }: Pick<Services, "turns" | "bodies">,
  next: () => Promise<void>,
): Promise<void> {
  const request = context.req.raw;
  if (request.body === null || context.get("isAdmitted") === true) return next();
  context.set("isAdmitted", true);
  turns.requireRoom();
  return bodies.hold(request, next);
}

/** {@link admit} for routes that know their callers by other means than `requireScope`, which does it too. */
export function admitBody(services: Pick<Services, "turns" | "bodies">): MiddlewareHandler<AppEnvironment> {
  return (context, next) => admit(context, services, next);
}
