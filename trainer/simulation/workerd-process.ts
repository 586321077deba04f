import { readdirSync, readFileSync } from "node:fs";

/** What a process has used so far. */
export interface ProcessUse {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Of Linux, on every machine of today. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** What the workerd processes that this process started have used together, `null` where /proc does not tell. */
export function useOfWorkerd(): ProcessUse | null {
  try {
    let ticks = 0;
    let pages = 0;
    let found = 0;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const stat = readStat(pid);
      // the name is in brackets and may hold spaces
      if (stat === null || !stat.startsWith(`${pid} (workerd)`)) continue;
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(fields[1]) !== process.pid) continue;
      found++;
      ticks += Number(fields[11]) + Number(fields[12]);
      pages += Number(fields[21]);
    }
    return found === 0 ? null : { cpuMs: (ticks * 1000) / ticksPerSecond, rssBytes: pages * pageBytes };
  } catch {
    return null;
  }
}

/** A process may end while the list is read. */
function readStat(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
}
