/** What ratios and shares of a benchmark may be; room for the noise of other machines is in them. */
export interface Limits {
  readonly most: Readonly<Record<string, number>>;
  readonly least: Readonly<Record<string, number>>;
}

/**
 * The limits that measured values break, in words; a value without a limit is free.
 * @param isPartial whether a limit may go unmeasured, as a run may pick what it measures
 */
export function breachesOf(
  measured: Readonly<Record<string, number>>,
  { most, least }: Limits,
  isPartial = false,
): string[] {
  const breaches: string[] = [];
  const check = (key: string, isKept: (value: number) => boolean, allowed: string): void => {
    const value = measured[key];
    if (value === undefined) {
      if (!isPartial) breaches.push(`${key} was not measured; ${allowed} is allowed`);
    } else if (!isKept(value)) breaches.push(`${key} is ${value}; ${allowed} is allowed`);
  };
  // written so that a value that is no number is a breach
  for (const [key, limit] of Object.entries(most)) check(key, (value) => value <= limit, `at most ${limit}`);
  for (const [key, limit] of Object.entries(least))
    check(key, (value) => value >= limit, `at least ${limit}`);
  return breaches;
}
