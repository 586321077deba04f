import type { Clock } from "../ports.ts";

/** Collects the phases of one request for its `Server-Timing` header. */
export interface ServerTiming {
  /** Ends the phase that began with the last call, or with the request. */
  mark(name: string, description?: string): void;
  /** Value of the header. */
  header(): string;
}

/** A deployed Worker's clock moves with I/O only, so phases that compute are shown where they took time at all. */
export function createServerTiming(clock: Clock): ServerTiming {
  const startedAt = clock();
  const entries: string[] = [];
  let last = startedAt;
  return {
    mark(name, description) {
      const now = clock();
      if (now > last || description !== undefined) entries.push(entry(name, now - last, description));
      last = now;
    },
    header: () => [...entries, entry("total", clock() - startedAt)].join(", "),
  };
}

function entry(name: string, milliseconds: number, description?: string): string {
  return `${name}${description === undefined ? "" : `;desc="${description}"`};dur=${milliseconds}`;
}
