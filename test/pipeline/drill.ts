// The synthesised retraining pipeline on this machine, through everything that may happen to it; one table.
// usage: npm run pipeline:drill -- [--json] [--only NAME,NAME] [--verbose]
import { parseArgs } from "node:util";
import { table } from "../../trainer/terminal/table.ts";
import { type Ground, openGround } from "./ground.ts";
import { scenarios } from "./scenarios.ts";

interface Played {
  readonly name: string;
  readonly ok: boolean;
  readonly seen: string;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const wanted = values.only?.split(",");
const say = (line: string): void => {
  if (values.verbose) process.stderr.write(`${line}\n`);
};

const grounds = await prepareGrounds();
const played: Played[] = [];
try {
  for (const scenario of scenarios) {
    if (wanted !== undefined && !wanted.includes(scenario.name)) continue;
    process.stderr.write(`${scenario.name} ...\n`);
    played.push(await play(scenario, await grounds[scenario.from].copy()));
  }
} finally {
  for (const ground of Object.values(grounds)) await ground.remove();
}
const rows = played.map(({ name, ok, seen, seconds }) => [name, ok ? "ok" : "FAILED", `${seconds} s`, seen]);
process.stdout.write(values.json ? `${JSON.stringify(played)}\n` : `${table(rows).join("\n")}\n`);
process.exitCode = played.length > 0 && played.every(({ ok }) => ok) ? 0 : 1;

/** A ground with nothing, and one with a champion that a first run trained a little. */
async function prepareGrounds(): Promise<Readonly<Record<"empty" | "champion", Ground>>> {
  const empty = await openGround(say);
  const champion = await openGround(say);
  await champion.upload(60, 20);
  const { report } = await champion.run({ plan: { epochs: 2 } });
  if (report?.outcome !== "promoted") throw new Error(`the first run ended with ${JSON.stringify(report)}`);
  return { empty, champion };
}

async function play({ name, play: act }: (typeof scenarios)[number], ground: Ground): Promise<Played> {
  const started = performance.now();
  const ended = (ok: boolean, seen: string): Played => {
    return { name, ok, seen, seconds: Math.round((performance.now() - started) / 1000) };
  };
  try {
    return ended(true, await act(ground));
  } catch (error) {
    return ended(false, error instanceof Error ? error.message : String(error));
  } finally {
    await ground.remove();
  }
}
