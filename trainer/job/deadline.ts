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

/**
 * The milliseconds that are left of a part of the time, which begins when it is first asked; endless without a budget.
 * @param partMs how long that part is, asked once
 */
export function startPart(deadline: Deadline, partMs: () => number): () => number {
  if (deadline.budgetMs === null) return () => Infinity;
  let endMs: number | null = null;
  return () => {
    endMs ??= deadline.elapsedMs() + partMs();
    return endMs - deadline.elapsedMs();
  };
}
