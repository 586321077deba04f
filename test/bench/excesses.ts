/** How far noise of another machine may lift a ratio above its ceiling. */
const slack = 1.05;

/**
 * The measured ratios that are above their ceilings, in words; a ratio without a ceiling is free.
 * A ceiling whose work was not measured is none, as a run may pick what it measures.
 */
export function excessesOf(
  measured: Readonly<Record<string, number>>,
  ceilings: Readonly<Record<string, number>>,
): string[] {
  return Object.entries(ceilings).flatMap(([key, ceiling]) => {
    const ratio = measured[key];
    // written so that a ratio that is no number is an excess
    if (ratio === undefined || ratio <= ceiling * slack) return [];
    return [`${key} is ${ratio}, at most ${ceiling} is allowed (${slack} times it for noise)`];
  });
}
