import { type ContenderSpec, type RunningContender, startContender } from "./contender-process.ts";
import type { Clock, Output } from "./contender.ts";

/** How long a duel goes on. */
export interface DuelOptions {
  /** Blocks a contender runs. */
  readonly rounds: number;
  /** Processor milliseconds a block aims at; at least one run. */
  readonly blockMs: number;
  /** `all-threads` unless told. */
  readonly clock?: Clock;
  /** Runs before anything counts, which compile the code. */
  readonly warmUpRuns: number;
  /** How far `theirs` is from `ours`, told beside the times; throws when they did not do the same work. */
  readonly distance: (ours: Output, theirs: Output) => string;
}

/** What one contender needed. */
export interface Standing {
  readonly name: string;
  readonly label: string;
  /** Processor milliseconds of one run: the least and the median block. */
  readonly minMs: number;
  readonly medianMs: number;
  /** Median over the rounds of ours divided by theirs; below 1 means ours is faster. 1 for ours. */
  readonly oursToTheirs: number;
  /** How its output compares with ours; empty for ours. */
  readonly distance: string;
}

/**
 * Runs contenders against each other in interleaved blocks, so that what else the machine does hits all alike.
 * Each has a process of its own: the stock tfjs backend and ours register under one name in one engine, and nobody pays
 * for another's garbage. The order turns round with each round, so that nobody always follows the same neighbour.
 * @param specs ours first, then the peers
 */
export async function duel(
  specs: readonly ContenderSpec[],
  options: DuelOptions,
): Promise<readonly Standing[]> {
  const contenders: RunningContender[] = [];
  try {
    // One after the other: they would fight for the processors.
    for (const spec of specs) contenders.push(await startContender(spec));
    const rounds = await fight(contenders, options);
    return standings(contenders, rounds, options);
  } finally {
    for (const contender of contenders) contender.stop();
  }
}

/** `[contender][round]`, processor milliseconds of one run. */
async function fight(contenders: readonly RunningContender[], options: DuelOptions): Promise<number[][]> {
  const entrants = [];
  const { clock = "all-threads" } = options;
  for (const contender of contenders) {
    const perRun =
      options.warmUpRuns > 0 ? await contender.msPerRun(options.warmUpRuns, clock) : options.blockMs;
    entrants.push({
      contender,
      times: Math.max(1, Math.round(options.blockMs / perRun)),
      ms: new Array<number>(),
    });
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const entrant of round % 2 === 0 ? entrants : entrants.toReversed()) {
      entrant.ms.push(await entrant.contender.msPerRun(entrant.times, clock));
    }
  }
  return entrants.map((entrant) => entrant.ms);
}

function standings(
  contenders: readonly RunningContender[],
  rounds: readonly (readonly number[])[],
  options: DuelOptions,
): Standing[] {
  const [ours] = contenders;
  const [oursMs = []] = rounds;
  return contenders.map((contender, index) => {
    const theirsMs = rounds[index] ?? [];
    return {
      name: contender.name,
      label: contender.label,
      minMs: Math.min(...theirsMs),
      medianMs: median(theirsMs),
      oursToTheirs: median(theirsMs.map((ms, round) => (oursMs[round] ?? Number.NaN) / ms)),
      distance:
        ours === undefined || contender === ours ? "" : options.distance(ours.output, contender.output),
    };
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
