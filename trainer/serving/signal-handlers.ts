const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does some work and takes away the signal handlers that it installed meanwhile: a library that ends the process at
 * Ctrl-C would leave the caller's own clean-up undone.
 */
export async function withoutForeignHandlers<T>(work: () => Promise<T>): Promise<T> {
  const before = new Map(signals.map((signal) => [signal, new Set(process.listeners(signal))]));
  try {
    return await work();
  } finally {
    for (const signal of signals) {
      for (const listener of process.listeners(signal)) {
        if (before.get(signal)?.has(listener) === false) process.off(signal, listener);
      }
    }
  }
}
