/** Resolves at Ctrl-C or SIGTERM. */
export function untilInterrupted(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(signal));
  });
}

/** A signal that aborts at the first Ctrl-C or SIGTERM; a second one ends the process as usual. */
export function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  void untilInterrupted().then(() => controller.abort());
  return controller.signal;
}
