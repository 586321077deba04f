import { spawn } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../../trainer/project-root.ts";

/** How a command ended. */
export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout, parsed, when it is JSON. */
  readonly json: Record<string, unknown>;
}

/** A command that goes on. */
export interface RunningCli {
  /** Resolves once stderr or stdout contains `text`. */
  waitFor(text: string): Promise<void>;
  /** What it wrote to stdout and stderr so far. */
  output(): string;
  /** Ends it as Ctrl-C does. */
  interrupt(): void;
  readonly ended: Promise<CliResult>;
}

/** Starts the command line as a process of its own, with Node 22. */
export function startCli(
  commandLine: readonly string[],
  cwd: string = projectRoot,
  environment: Readonly<Record<string, string>> = {},
): RunningCli {
  const child = spawn(process.execPath, [join(projectRoot, "trainer", "cli.ts"), ...commandLine], {
    cwd,
    env: { ...process.env, ...environment },
  });
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  const note = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
    note();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
    note();
  });
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr, json: lastJson(stdout) }));
  });
  return {
    ended,
    output: () => stdout + stderr,
    interrupt: () => {
      child.kill("SIGINT");
    },
    waitFor: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stdout.includes(text) || stderr.includes(text)) {
            listeners.delete(look);
            resolve();
          }
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`ended without saying "${text}":\n${stdout}\n${stderr}`)));
      }),
  };
}

/** Runs a command to its end. */
export function runCli(...commandLine: readonly string[]): Promise<CliResult> {
  return startCli(commandLine).ended;
}

function lastJson(stdout: string): Record<string, unknown> {
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  } catch {
    return {};
  }
}
