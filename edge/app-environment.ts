import type { RequestIdVariables } from "hono/request-id";
import type { Caller } from "./auth/caller.ts";
import type { FormPart } from "./http/multipart.ts";

/** What Hono knows of a request: the Worker's bindings, and what our middleware found. */
export interface AppEnvironment {
  readonly Bindings: Env;
  readonly Variables: RequestIdVariables & {
    /** Who asks; set on routes that need a scope. */
    readonly caller?: Caller;
    /** The body, where it had to be read for a key. */
    readonly form?: readonly FormPart[];
    /** Whether there is room for the body, and the request goes on. */
    readonly isAdmitted?: boolean;
    /** Code of the problem that is answered. */
    readonly problemCode?: string;
  };
}
