import { existsSync, readdirSync } from "node:fs";
import { readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { promote } from "../../trainer/release/promote.ts";
import { callWorker } from "./callers.ts";
import { contentOf, drillModel, type Ground, resultOf } from "./ground.ts";

/** One thing that may happen to a pipeline, and what must come of it. */
export interface Scenario {
  readonly name: string;
  /** Where it begins: with nothing, or with a champion that was trained a little. */
  readonly from: "empty" | "champion";
  /** @returns what was seen, in a few words @throws when it was not what must come of it */
  readonly play: (ground: Ground) => Promise<string>;
}

/** Settings under which a challenger beats the champion of the ground, and one under which it does not. */
const better = { plan: { epochs: 8 } };
const worse = { plan: { epochs: 1, width: 0.25 }, gate: { minimumGain: 0.05, maximumRecallLoss: 1 } };

/** Every scenario, in the order they are played. */
export const scenarios: readonly Scenario[] = [
  {
    name: "happy path",
    from: "champion",
    play: async (ground) => {
      const before = await ground.alias(ground.record);
      await ground.upload(10, 21);
      const end = await ground.run(better);
      expectEqual(end.report?.outcome, "promoted");
      const after = await ground.alias(ground.serving);
      expectEqual(after?.previous, before?.version);
      expectEqual((await ground.alias(ground.record))?.version, after?.version);
      return `${contentOf(before?.version)} -> ${contentOf(after?.version)}`;
    },
  },
  {
    name: "challenger worse",
    from: "champion",
    play: async (ground) => {
      const before = await ground.alias(ground.serving);
      await ground.upload(10, 22);
      const end = await ground.run(worse);
      expectEqual(end.report?.outcome, "rejected");
      expectEqual((await ground.alias(ground.serving))?.version, before?.version);
      return lastLine(end.report?.message);
    },
  },
  {
    name: "too little data",
    from: "empty",
    play: async (ground) => {
      await ground.upload(5, 23);
      const end = await ground.run();
      expectEqual(end.report?.outcome, "nothing-to-do");
      expectEqual(end.states.includes("Train"), false);
      return lastLine(end.report?.message);
    },
  },
  {
    name: "corrupt images",
    from: "champion",
    play: async (ground) => {
      await ground.upload(10, 24);
      const damaged = await damageImages(ground, 40);
      const end = await ground.run(better);
      expectEqual(end.report?.outcome, "unsound-data");
      expectEqual(end.states.includes("Train"), false);
      return `${damaged} damaged; ${end.report?.message.split("\n")[2] ?? ""}`;
    },
  },
  {
    name: "no new data",
    from: "champion",
    play: async (ground) => {
      const end = await ground.run();
      expectEqual(end.report?.outcome, "reevaluated");
      expectEqual(end.states.includes("Train"), false);
      return end.report?.message.split("\n")[2] ?? "";
    },
  },
  {
    name: "training killed twice",
    from: "champion",
    play: async (ground) => {
      await ground.upload(10, 25);
      const uninterrupted = await ground.copy();
      try {
        const whole = await uninterrupted.run(better);
        const killed = await runWithKilledTraining(ground);
        const [one, other] = await Promise.all([
          resultOf(uninterrupted, whole, "train"),
          resultOf(ground, killed.end, "train"),
        ]);
        expectEqual(killed.kills, 2);
        expectEqual(contentOf(String(other["version"])), contentOf(String(one["version"])));
        return `3 attempts, the same bundle ${contentOf(String(one["version"]))}`;
      } finally {
        await uninterrupted.remove();
      }
    },
  },
  {
    name: "publish killed between S3 and R2",
    from: "champion",
    play: async (ground) => {
      await ground.upload(10, 26);
      let kills = 0;
      const end = await ground.run(better, {
        onTask: ({ commandLine, child }) => {
          if (kills > 0 || !commandLine.some((word) => word.includes('"task":"publish"'))) return;
          const known = new Set(["", ...versionsIn(ground, "record")]);
          void killWhen(child, () => {
            const published = versionsIn(ground, "record").find((version) => !known.has(version));
            return published !== undefined && !versionsIn(ground, "serving").includes(published);
          }).then((killed) => (kills += killed ? 1 : 0));
        },
      });
      expectEqual(kills, 1);
      expectEqual(end.report?.outcome, "promoted");
      expectEqual(versionsIn(ground, "serving").join(), versionsIn(ground, "record").join());
      return "tried again, whole in both";
    },
  },
  {
    name: "promote race",
    from: "champion",
    play: async (ground) => {
      const before = await ground.alias(ground.record);
      await ground.upload(10, 27);
      let moved: Promise<unknown> = Promise.resolve();
      const end = await ground.run(
        { ...better, canaryFraction: 0.5, canarySteps: 2 },
        {
          waitSeconds: 1,
          onState: (name) => {
            if (name !== "GuardMetrics") return;
            // Somebody promotes by hand what served before.
            moved = promote(ground.record, {
              model: drillModel,
              alias: "champion",
              version: before?.version ?? "",
              by: "an operator",
              now: () => new Date(),
            });
          },
        },
      );
      await moved;
      expectEqual(end.report?.outcome, "rolled-back");
      expectEqual((await ground.alias(ground.serving))?.version, before?.version);
      return lastLine(end.report?.message);
    },
  },
  {
    name: "guard metric trips",
    from: "champion",
    play: async (ground) => {
      const before = await ground.alias(ground.record);
      await ground.upload(10, 28);
      const callers = await callWorker(ground);
      try {
        const end = await ground.run(
          {
            ...better,
            canaryFraction: 0.5,
            canarySteps: 60,
            guard: { minimumAnswers: 10, maxUnknownRise: 1, maxErrorRise: 1, maxDisagreement: 0 },
          },
          { waitSeconds: 1 },
        );
        expectEqual(end.report?.outcome, "rolled-back");
        expectEqual(callers.failures(), 0);
        expectEqual((await ground.alias(ground.record))?.version, before?.version);
        return `${callers.answers()} answers, none failed; ${lastLine(end.report?.message)}`;
      } finally {
        await callers.stop();
      }
    },
  },
];

/** Kills the training in its second epoch, and the next attempt in its fourth. */
async function runWithKilledTraining(ground: Ground) {
  let kills = 0;
  const end = await ground.run(better, {
    onTask: ({ commandLine, child }) => {
      if (!commandLine.includes("train") || kills >= 2) return;
      const epoch = 2 + 2 * kills;
      child.stderr?.on("data", (data: Buffer) => {
        if (new RegExp(`epoch ${epoch} `).test(data.toString()) && child.kill("SIGKILL")) kills += 1;
      });
    },
  });
  return { end, kills };
}

/** Looks as often as it can whether it is time to kill. @returns whether it came to that */
async function killWhen(
  child: { readonly exitCode: number | null; kill(signal: NodeJS.Signals): boolean },
  isTime: () => boolean,
): Promise<boolean> {
  while (child.exitCode === null) {
    if (isTime()) return child.kill("SIGKILL");
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return false;
}

/** Versions that are whole in one of the stores. */
function versionsIn(ground: Ground, store: "record" | "serving"): string[] {
  const folder = join(ground.folder, store, objectKeys.versions(drillModel));
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((version) => existsSync(join(folder, version, "manifest.json")))
    .toSorted();
}

/** Cuts images of the dataset short, as a broken upload would. */
async function damageImages(ground: Ground, count: number): Promise<number> {
  // A new instance has nothing of an earlier run.
  await rm(join(ground.folder, "scratch"), { recursive: true, force: true });
  const folder = join(ground.folder, "record", "datasets", drillModel, "images");
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  for (const file of files.slice(0, count)) await truncate(join(file.parentPath, file.name), 100);
  return Math.min(count, files.length);
}

function lastLine(message: string | undefined): string {
  return message?.split("\n").at(-1) ?? "";
}

function expectEqual(got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}
