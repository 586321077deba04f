import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { runCli, startCli } from "./run-cli.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-cli-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const commands = [
  "start",
  "train",
  "dataset make",
  "dataset index",
  "dataset inspect",
  "evaluate",
  "predict",
  "models",
  "publish",
  "pipeline run",
  "pipeline schedule",
  "pipeline task",
  "pipeline job",
  "copy",
  "import",
  "promote",
  "rollback",
  "serve",
  "keys create",
  "keys list",
  "keys revoke",
];

/** The first digits of the hash of the weights that training ended with. */
function weightsOf(stderr: string): string | undefined {
  return /weights (\w+)/.exec(stderr)?.[1];
}

describe("the command line", () => {
  it.for(commands)("explains %s with its options and examples", async (command, { expect }) => {
    const { exitCode, stdout } = await runCli(...command.split(" "), "--help");
    expect(exitCode).toBe(0);
    for (const shown of ["--store", "--model", "--seed", "--json", "Examples:"])
      expect(stdout).toContain(shown);
  });

  it("answers wrong usage with exit code 2 and, in one line, what is allowed", async ({ expect }) => {
    const wrong = [
      { words: ["train", "--epochs", "many"], said: "whole number" },
      { words: ["train", "--epochs", "0"], said: "at least 1" },
      { words: ["train", "--limit", "x"], said: "at least 1" },
      { words: ["train", "--architecture", "resnet"], said: "small-cnn" },
      { words: ["serve", "--port", "70000"], said: "65535" },
      { words: ["models", "--model", "../x"], said: "a-z" },
      { words: ["frobnicate"], said: "unknown command" },
      { words: ["promot"], said: "Did you mean promote" },
      { words: ["train", "--frobnicate"], said: "unknown option" },
      { words: ["evaluate"], said: "add the path" },
      { words: ["keys", "create", "app", "--scope", "everything"], said: "classify" },
      { words: ["keys", "create", "app", "--expires", "soon"], said: "2027-01-31" },
      { words: ["serve", "--open", "--host", "0.0.0.0"], said: "keys create" },
    ];
    for (const { words, said } of wrong) {
      const { exitCode, stderr } = await startCli(words, folder).ended;
      expect({ words, exitCode }).toEqual({ words, exitCode: 2 });
      expect(stderr).toContain(said);
      expect(stderr).toMatch(/^edgewise: invalid_argument: .+\n$/);
    }
  });

  it("answers an expected failure with exit code 1 and one line", async ({ expect }) => {
    const store = join(folder, "empty");
    for (const words of [
      ["predict", "photo.jpg"],
      ["rollback"],
      ["promote", "20260101T000000Z-00000000"],
      ["train", "--data", join(folder, "nowhere")],
    ]) {
      const { exitCode, stderr, stdout } = await runCli(...words, "--store", store);
      expect({ words, exitCode }).toEqual({ words, exitCode: 1 });
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(stderr).toMatch(/^edgewise: [a-z_]+: /);
      expect(stdout).toBe("");
    }
  });

  it("stops training at Ctrl-C and goes on where it was", async ({ expect }) => {
    const scenes = join(folder, "scenes");
    await runCli("dataset", "make", scenes, "--images", "32");
    const words = ["train", "--data", scenes, "--store", join(folder, "runs"), "--epochs", "20", "--json"];
    const training = startCli(words);
    await training.waitFor("epoch ");
    training.interrupt();
    const interrupted = await training.ended;

    expect(interrupted.exitCode).toBe(1);
    expect(interrupted.stderr).toContain("SIGINT: stopping");
    const run = /add --run (\S+) to go on/.exec(interrupted.stderr)?.[1] ?? "";

    const continued = await runCli(...words, "--run", run);
    const whole = await runCli(...words);

    expect(continued.exitCode).toBe(0);
    expect(weightsOf(continued.stderr)).toMatch(/^[0-9a-f]{12}$/);
    expect(weightsOf(continued.stderr)).toBe(weightsOf(whole.stderr));
  });

  it("ends cleanly at Ctrl-C while its Worker is still being built", async ({ expect }) => {
    const serving = startCli(["serve", "--store", join(folder, "empty"), "--port", "0"]);
    await serving.waitFor("building the Worker");
    serving.interrupt();
    const { exitCode, stdout } = await serving.ended;
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("curl");
  });

  it("refuses a folder that holds no dataset, saying why", async ({ expect }) => {
    const one = join(folder, "one");
    await mkdir(join(one, "only"), { recursive: true });
    await writeFile(join(one, "only", "a.jpg"), "x");
    const { exitCode, stderr } = await runCli("train", "--data", one, "--store", join(folder, "store"));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("invalid_dataset");
  });
});
