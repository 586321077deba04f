import { table } from "../../trainer/terminal/table.ts";
import type { Figure, Result } from "./suite.ts";

/** One duel as a table for people; times are processor milliseconds of one run. */
export function formatResult({ name, workload, standings }: Result): string {
  const rows = standings.map((standing) => [
    `  ${standing.name}`,
    standing.medianMs.toFixed(2),
    standing.minMs.toFixed(2),
    standing.oursToTheirs.toPrecision(3),
    standing.label,
    standing.distance,
  ]);
  return [
    "",
    `${name}: ${workload}`,
    ...table([["  contender", "median ms", "min ms", "ours/theirs", "", ""], ...rows]),
  ].join("\n");
}

/** One figure as a line for people. */
export function formatFigure({ name, value, meaning }: Figure): string {
  return `${name}: ${value.toPrecision(4)} ${meaning}`;
}

/** The ratios by `<work>/<peer>`: ours divided by theirs, below 1 means ours is faster. */
export function ratiosOf(results: readonly Result[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    results.flatMap(({ name, standings }) =>
      standings
        .slice(1)
        .map((standing) => [`${name}/${standing.name}`, Number(standing.oursToTheirs.toPrecision(4))]),
    ),
  );
}
