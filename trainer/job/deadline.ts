/** The time that a job may take. */
export interface Deadline {
  /** Milliseconds from the start to the promotion; `null` when nobody set them. */
  readonly budgetMs: number | null;
  /** Milliseconds since the start. */
  elapsedMs(): number;
  /** Milliseconds that are left, infinite without a budget. */
  leftMs(): number;
}

/** Starts the clock of a job. @param now in milliseconds; only differences count */
export function startDeadline(
  budgetMs: number | null,
  now: () => number = () => performance.now(),
): Deadline {
  const start = now();
  const elapsedMs = (): number => now() - start;
  return { budgetMs, elapsedMs, leftMs: () => (budgetMs ?? Infinity) - elapsedMs() };
}
