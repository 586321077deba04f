import { AppError } from "../../shared/contract/errors.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/** Resolves at Ctrl-C or SIGTERM; a second one ends the process as usual. */
export function untilInterrupted(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      // Not at once: a library's handler that finds itself the last one ends the process.
      setImmediate(() => {
        for (const name of signals) process.off(name, stop);
      });
      resolve(signal);
    };
    for (const name of signals) process.on(name, stop);
  });
}

/**
 * A signal that aborts at the first Ctrl-C or SIGTERM.
 * @param say told so at once: a step that cannot be cut short goes on for a while
 */
export function abortOnSignal(say: (line: string) => void): AbortSignal {
  const controller = new AbortController();
  void untilInterrupted().then((signal) => {
    say(`${signal}: stopping as soon as nothing is lost; once more ends at once`);
    controller.abort();
  });
  return controller.signal;
}

/** @param what was going on, e.g. `the simulation` @throws {AppError} interrupted once the signal aborted */
export function throwIfAborted(signal: AbortSignal, what: string): void {
  if (signal.aborted) throw new AppError("interrupted", `${what} was interrupted; run it again`);
}

/** Resolves when the signal aborts, at once when it has. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
