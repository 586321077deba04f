import { createHash, randomBytes } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/**
 * A name that no other process or call makes, `host.pid.startTime.random`.
 * Others can tell by it whether its maker still runs; see {@link hasMakerEnded}.
 */
export async function createToken(): Promise<string> {
  const self = await processStatus(process.pid);
  return [await hostTag(), process.pid, self?.startTime ?? "0", randomBytes(8).toString("hex")].join(".");
}

/**
 * Whether the process that made `token` has ended.
 * A process of another host or container cannot be looked up: it counts as ended once the token is older than
 * anything it is made for takes.
 * @param ageMs since the token was made
 * @param longestUseMs the time that the token's use takes at most; a minute is far more than a write takes
 */
export async function hasMakerEnded(token: string, ageMs: number, longestUseMs = 60_000): Promise<boolean> {
  const [host, pidText, startTime] = token.split(".");
  const pid = Number(pidText);
  if (host !== (await hostTag()) || !Number.isSafeInteger(pid) || pid <= 0) return ageMs > longestUseMs;
  if (!isProcessAlive(pid)) return true;
  const status = await processStatus(pid);
  if (status === null) return false;
  // A number is given out again after its process ended; the start time tells the two apart.
  return status.isZombie || (startTime !== "0" && status.startTime !== startTime);
}

interface ProcessStatus {
  /** Clock ticks from boot to the start of the process. */
  readonly startTime: string;
  /** It ended, but its parent has not asked for its exit code. */
  readonly isZombie: boolean;
}

/** What proc(5) tells of a process; `null` where there is no `/proc` or no such process. */
async function processStatus(pid: number): Promise<ProcessStatus | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses, which may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    const startTime = fields[19];
    return startTime === undefined ? null : { startTime, isZombie: state === "Z" || state === "X" };
  } catch {
    return null;
  }
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Names the set of processes among which a process id is unique: a host, or a container's namespace on it. */
async function hostTag(): Promise<string> {
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return createHash("sha256").update(`${hostname()} ${namespace}`).digest("hex").slice(0, 12);
}
