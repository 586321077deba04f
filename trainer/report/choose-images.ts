import { spreadEvenly } from "../data/spread-evenly.ts";

/** What a bundle answered to a test image. */
export interface Answer {
  readonly path: string;
  /** Class index. */
  readonly actual: number;
  /** Class index. */
  readonly predicted: number;
  /** Of the predicted class. */
  readonly probability: number;
  /** Of the actual class. */
  readonly actualProbability: number;
  /** The cell of the confusions that opens it. */
  readonly cell: string;
}

/** How many images a page shows. */
export interface ImageLimits {
  /** Mistakes, all cells together; the rest is for the hardest and for right answers. */
  readonly mistakes: number;
  readonly aCell: number;
  readonly hardest: number;
  readonly all: number;
}

/** Numbers of the answers that a page shows. */
export interface ChosenImages {
  /** In the order in which they get pictures. */
  readonly shown: readonly number[];
  /** Those whose own class got the least probability, the least first. */
  readonly hardest: readonly number[];
}

/**
 * Chooses from all answers: mistakes first, the surest of every cell in turn, then the hardest images, then right
 * answers, every class in turn and evenly spread over its images.
 */
export function chooseImages(answers: readonly Answer[], limits: ImageLimits): ChosenImages {
  const rows = [...answers.keys()];
  const isRight = (row: number): boolean => answers[row]?.actual === answers[row]?.predicted;
  const surest = rows
    .filter((row) => !isRight(row))
    .toSorted((a, b) => (answers[b]?.probability ?? 0) - (answers[a]?.probability ?? 0));
  const mistakes = inTurn(surest, (row) => answers[row]?.cell ?? "", limits.aCell).slice(0, limits.mistakes);
  const hardest = rows
    .toSorted((a, b) => (answers[a]?.actualProbability ?? 0) - (answers[b]?.actualProbability ?? 0))
    .slice(0, limits.hardest);
  const rights = Map.groupBy(rows.filter(isRight), (row) => answers[row]?.actual ?? 0);
  const spread = [...rights.values()].flatMap((members) => spreadEvenly(members, limits.aCell));
  const right = inTurn(spread, (row) => answers[row]?.actual ?? 0, limits.aCell);
  return { shown: [...new Set([...mistakes, ...hardest, ...right])].slice(0, limits.all), hardest };
}

/** The first of every group, then the second of every group, and so on. */
function inTurn(rows: readonly number[], groupOf: (row: number) => string | number, most: number): number[] {
  const groups = [...Map.groupBy(rows, groupOf).values()];
  const longest = Math.min(most, Math.max(0, ...groups.map((members) => members.length)));
  return Array.from({ length: longest }, (_, turn) =>
    groups.flatMap((members) => members[turn] ?? []),
  ).flat();
}
