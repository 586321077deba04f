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
  route: z.string(),
  status: z.number(),
  durationMs: z.number(),
});

const loadedSchema = z.object({ event: z.literal("model-loaded"), version: z.string() });

/** Shortens the JSON of the Worker's usual log lines; everything else is shown as it is. */
export function readLogLine(line: string): LogLine {
  const entry = parseJson(line);
  const request = z.safeParse(requestSchema, entry);
  if (request.success) {
    const { level, method, route, status, durationMs } = request.data;
    return { routine: level === "info", text: `${method} ${route} ${status} ${durationMs} ms` };
  }
  const loaded = z.safeParse(loadedSchema, entry);
  return { routine: false, text: loaded.success ? `the Worker serves ${loaded.data.version}` : line };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
