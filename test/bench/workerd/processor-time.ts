import { readdirSync, readFileSync } from "node:fs";

/** Processor milliseconds of every thread of every workerd that this process started, from `/proc`; else not a number. */
export function workerdCpuMs(): number {
  return threadTimes().reduce((sum, { ms }) => sum + ms, 0);
}

/** The same, of the busiest thread since `before`: the one that runs the isolate, not those that compile beside it. */
export function isolateCpuMs(before: ReadonlyMap<string, number>): number {
  return Math.max(...threadTimes().map(({ thread, ms }) => ms - (before.get(thread) ?? 0)));
}

/** Processor milliseconds by thread. */
export function threadCpuMs(): ReadonlyMap<string, number> {
  return new Map(threadTimes().map(({ thread, ms }) => [thread, ms]));
}

function threadTimes(): readonly { readonly thread: string; readonly ms: number }[] {
  if (process.platform !== "linux") return [{ thread: "", ms: Number.NaN }];
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (parentOf(pid) !== process.pid) continue;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [onCpu = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      found.push({ thread, ms: Number(onCpu) / 1e6 });
    }
  }
  return found;
}

function parentOf(pid: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return /^Name:\s*workerd/m.test(status) ? Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]) : 0;
  } catch {
    // it ended meanwhile
    return 0;
  }
}
