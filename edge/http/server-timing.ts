import type { Context } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import type { Clock } from "../ports.ts";

/** Collects the phases of one request for its `Server-Timing` header. */
export interface ServerTiming {
  /** Ends the phase that began with the last call, or with the request. */
  mark(name: string, description?: string): void;
  /** Sets the header, where there is anything to tell. */
  write(context: Pick<Context<AppEnvironment>, "header">): void;
}

/**
 * A deployed Worker's clock moves with I/O only, so a phase that computes shows as nothing there: a duration is told
 * where the clock saw one, and a sum, which would leave out what it did not see, never.
 */
export function createServerTiming(clock: Clock): ServerTiming {
  const entries: string[] = [];
  let last = clock();
  return {
    mark(name, description) {
      const now = clock();
      const described = description === undefined ? "" : `;desc="${description}"`;
      const duration = now > last ? `;dur=${now - last}` : "";
      if (described + duration !== "") entries.push(name + described + duration);
      last = now;
    },
    write(context) {
      if (entries.length > 0) context.header("server-timing", entries.join(", "));
    },
  };
}
