import type { RequestIdVariables } from "hono/request-id";

/** What Hono knows of a request: the Worker's bindings, and what our middleware found. */
export interface AppEnvironment {
  readonly Bindings: Env;
  readonly Variables: RequestIdVariables;
}
