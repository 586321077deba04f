/** One structured line of the log; never image bytes, header values or secrets. */
export type LogEntry = Readonly<Record<string, unknown>> & {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
};

/** Milliseconds since 1970. In a deployed Worker it stands still while nothing is awaited. */
export type Clock = () => number;

/** Writes one line of the log. */
export type Log = (entry: LogEntry) => void;
