import { randomBytes } from "node:crypto";

/** The name of a new run: the UTC second it starts and four random hex digits, e.g. `20260131T235959Z-1f9c`. */
export function createRunId(startedAt: Date): string {
  const second = startedAt.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  return `${second}-${randomBytes(2).toString("hex")}`;
}
