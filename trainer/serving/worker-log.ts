import * as z from "zod/mini";

/** A line of a Worker's log, for people. */
export interface LogLine {
  /** Whether it tells of a request that went as it should. */
  readonly routine: boolean;
  readonly text: string;
}

const requestSchema = z.object({
  level: z.string(),
  event: z.literal("request"),
  method: z.string(),
  path: z.string(),
  status: z.number(),
  durationMs: z.number(),
});

/** Shortens the JSON of a request log line; everything else is shown as it is. */
export function readLogLine(line: string): LogLine {
  const request = z.safeParse(requestSchema, parseJson(line));
  if (!request.success) return { routine: false, text: line };
  const { level, method, path, status, durationMs } = request.data;
  return { routine: level === "info", text: `${method} ${path} ${status} ${durationMs} ms` };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
