/** What a contender gives, so that the parent can see that all of them computed the same thing. */
export type Output = Float32Array | Uint8Array;

/** One way to do a piece of work. */
export interface Contender {
  /** Package and version, and how it is set. */
  readonly label: string;
  /** Does the work once. */
  run(): Output | Promise<Output>;
  /** Does it several times over, where that takes less around it than as many runs. */
  readonly repeat?: (times: number) => Promise<unknown>;
  /** Processor milliseconds so far of what does the work, where that is another process. */
  readonly cpuMs?: () => number;
}

/** What the parent asks of a contender's process. */
export interface RunRequest {
  readonly times: number;
  readonly clock: Clock;
}

/**
 * What is measured: processor time of all threads, or of the main thread alone, which of work that is shared out has the
 * largest part: what passes on the wall's clock where every thread has an idle core; or that clock itself, which wants
 * an idle machine.
 */
export type Clock = "all-threads" | "main-thread" | "wall";

/** What a contender's process tells its parent. */
export type Reply =
  | { readonly kind: "ready"; readonly label: string; readonly output: Output }
  | { readonly kind: "ran"; readonly ms: number }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Makes this process a contender that a duel drives: it does the work once, then as often as the parent asks.
 * @param create builds the contender; gets the workload the parent named on the command line
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the parent wrote, in one place a contender
export async function serveContender<Workload>(
  create: (workload: Workload) => Promise<Contender>,
): Promise<void> {
  try {
    const contender = await create(JSON.parse(process.argv[2] ?? "null"));
    reply({ kind: "ready", label: contender.label, output: await contender.run() });
    process.on("message", (request: RunRequest) => {
      void runBlock(contender, request).then(reply, fail);
    });
  } catch (error) {
    fail(error);
  }
}

async function runBlock(contender: Contender, { times, clock }: RunRequest): Promise<Reply> {
  const spentMs = contender.cpuMs ?? clocks[clock];
  const before = spentMs();
  if (contender.repeat !== undefined) await contender.repeat(times);
  else for (let run = 0; run < times; run++) await contender.run();
  return { kind: "ran", ms: spentMs() - before };
}

/** By all threads, a library that works on its own threads hides nothing. */
const clocks: Readonly<Record<Clock, () => number>> = {
  "all-threads": () => millisecondsOf(process.cpuUsage()),
  "main-thread": () => millisecondsOf(process.threadCpuUsage()),
  wall: () => performance.now(),
};

function millisecondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
function reply(message: Reply): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  reply({ kind: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
