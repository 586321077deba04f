import { isAppError } from "../../shared/contract/errors.ts";

/** Where a command writes: answers to stdout, talk to stderr. */
export interface Output {
  /** Whether the last line of stdout is to be one JSON object. */
  readonly json: boolean;
  /** A line of the answer, for people; swallowed in JSON mode. */
  readonly answer: (line: string) => void;
  /** The answer for machines: in JSON mode the last line of stdout. */
  readonly result: (value: Readonly<Record<string, unknown>>) => void;
  /** A line of talk on stderr: what happens now, warnings. */
  readonly say: (line: string) => void;
}

/** An {@link Output} on the process's own streams. */
export function createOutput(json: boolean): Output {
  return {
    json,
    answer: (line) => {
      if (!json) process.stdout.write(`${line}\n`);
    },
    result: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    say: (line) => {
      process.stderr.write(`${line}\n`);
    },
  };
}

/** One line about a failure; with the stack and the cause when `verbose`. */
export function describeFailure(error: unknown, verbose: boolean): string {
  if (verbose && error instanceof Error) {
    const cause = error.cause === undefined ? "" : `\ncaused by ${describeFailure(error.cause, true)}`;
    return `${error.stack ?? error.message}${cause}`;
  }
  if (isAppError(error)) return `${error.code}: ${error.message}`;
  const message = error instanceof Error ? error.message : String(error);
  return `internal: ${message} (run again with --verbose for the stack)`;
}
