import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Clock, Output, Reply, RunRequest } from "./contender.ts";

/** Which module of `contenders/` runs on which workload. */
export interface ContenderSpec {
  /** How the ratios name it. */
  readonly name: string;
  /** File in `contenders/`. */
  readonly module: string;
  /** Anything JSON. */
  readonly workload: unknown;
}

/** A contender in its own process, started and run once. */
export interface RunningContender {
  readonly name: string;
  readonly label: string;
  /** Of its first run. */
  readonly output: Output;
  /** Runs it so many times; gives the milliseconds of one run. */
  msPerRun(times: number, clock: Clock): Promise<number>;
  stop(): void;
}

/**
 * Starts a contender and waits for its first run.
 * @throws Error with its own words when it fails
 */
export async function startContender(spec: ContenderSpec): Promise<RunningContender> {
  const file = fileURLToPath(new URL(`contenders/${spec.module}`, import.meta.url));
  const child = fork(file, [JSON.stringify(spec.workload)], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  // Libraries advertise themselves on stderr; what a process said matters only when it dies.
  let said = "";
  child.stderr?.on("data", (text) => (said += String(text)));
  const next = (): Promise<Reply> => nextReply(child, spec.name, () => said);
  const ready = await next();
  if (ready.kind !== "ready") throw new Error(`${spec.name} said ${ready.kind} before it was ready`);
  return {
    name: spec.name,
    label: ready.label,
    output: ready.output,
    msPerRun: async (times, clock) => {
      const request: RunRequest = { times, clock };
      child.send(request);
      const ran = await next();
      if (ran.kind !== "ran") throw new Error(`${spec.name} said ${ran.kind} instead of its time`);
      return ran.ms / times;
    },
    stop: () => {
      child.kill();
    },
  };
}

async function nextReply(child: ChildProcess, name: string, said: () => string): Promise<Reply> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    return await Promise.race([
      once(child, "message", { signal }).then(([message]) => parseReply(message, name)),
      once(child, "exit", { signal }).then(([code]) => {
        throw new Error(`${name} ended with ${String(code)} instead of answering: ${said()}`);
      }),
    ]);
  } finally {
    ended.abort();
  }
}

/** The reply of a process that runs this folder's own code. */
function parseReply(message: unknown, name: string): Reply {
  const reply = message as Reply;
  if (reply.kind === "failed") throw new Error(`${name} failed: ${reply.message}`);
  return reply;
}
