import { randomBytes } from "node:crypto";
import { compactTimestamp } from "../release/version.ts";

/** The name of a new run: the UTC second it starts and four random hex digits, e.g. `20260131T235959Z-1f9c`. */
export function createRunId(startedAt: Date): string {
  return `${compactTimestamp(startedAt)}-${randomBytes(2).toString("hex")}`;
}
