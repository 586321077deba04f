import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../../project-root.ts";

/** A task under way, for whoever watches. */
export interface RunningTask {
  readonly commandLine: readonly string[];
  readonly child: ChildProcess;
}

/** A process of the command line that does one task. */
export interface TaskProcess {
  readonly commandLine: readonly string[];
  /** Ends it: first so that it can write a checkpoint, then for good. */
  readonly signal: AbortSignal;
  /** After this it is ended in the same way; without, it may take any time. */
  readonly longestSeconds?: number;
  /** Receives what it says while it works. */
  readonly hear: (text: string) => void;
  /** Told as it starts. */
  readonly onStart?: ((task: RunningTask) => void) | undefined;
}

/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  [name: string]: Json;
}

/** How a task's process ended. */
export type TaskEnd =
  | { readonly kind: "done"; readonly result: JsonObject }
  /** The task said why it failed. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** Something ended the process from outside, as when a host goes away. */
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "timed-out" };

/** The notice that AWS Batch gives before it kills. */
const noticeMs = 30_000;
/** Of what a failed process said, only the end is kept. */
const keptCharacters = 4000;

/** Runs one task as a process of its own. */
export function runTaskProcess({
  commandLine,
  signal,
  longestSeconds,
  hear,
  onStart,
}: TaskProcess): Promise<TaskEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectRoot, "trainer", "cli.ts"), ...commandLine], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    onStart?.({ commandLine, child });
    let answer = "";
    let said = "";
    let timedOut = false;
    let lastResort: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill("SIGTERM");
      lastResort ??= setTimeout(() => child.kill("SIGKILL"), noticeMs);
    };
    const limit =
      longestSeconds === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            stop();
          }, longestSeconds * 1000);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    child.stdout.on("data", (data: Buffer) => {
      answer += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => {
      said = (said + data.toString()).slice(-keptCharacters);
      hear(data.toString());
    });
    child.on("error", reject);
    child.on("close", (exitCode, killedBy) => {
      clearTimeout(limit);
      clearTimeout(lastResort);
      signal.removeEventListener("abort", stop);
      if (timedOut) resolve({ kind: "timed-out" });
      else if (killedBy !== null) resolve({ kind: "killed", signal: killedBy });
      else resolve(exitCode === 0 ? doneWith(answer) : failedWith(said));
    });
  });
}

function doneWith(stdout: string): TaskEnd {
  const last = stdout.trim().split("\n").at(-1) ?? "";
  try {
    // JSON.parse gives nothing else.
    const result: Json = JSON.parse(last);
    if (typeof result === "object" && result !== null && !Array.isArray(result)) {
      return { kind: "done", result };
    }
  } catch {
    // answered below
  }
  return {
    kind: "failed",
    code: "internal",
    message: `the task answered ${JSON.stringify(last.slice(0, 200))}`,
  };
}

/** The one line that a command says of an expected failure is its last. */
function failedWith(stderr: string): TaskEnd {
  const line = stderr.trim().split("\n").at(-1) ?? "";
  const [, code = "internal", message = line] = /^edgewise: ([a-z_]+): (.*)$/.exec(line) ?? [];
  return { kind: "failed", code, message };
}
