import type { WorkerdProcess } from "../fixtures/workerd-process.ts";
import { type Outcome, quantile, send, sendBusily, sendSteadily, type Shot } from "./send-requests.ts";

/** How long each part of the test takes. */
export interface LoadOptions {
  readonly url: string;
  readonly image: Uint8Array;
  readonly workerd: WorkerdProcess | undefined;
  readonly capacitySeconds: number;
  readonly steadySeconds: number;
  readonly overloadSeconds: number;
  /** After the steady part more are sent, as fast as answers come, until there were so many since it began. */
  readonly leastRequests: number;
  readonly say: (line: string) => void;
}

/** One thing that must hold. */
export interface Verdict {
  readonly what: string;
  /** `null` where it could not be measured. */
  readonly value: number | null;
  readonly limit: number;
  readonly holds: boolean | null;
}

/** What was measured; rates by the second, times in milliseconds. */
export interface LoadReport {
  readonly capacity: { readonly perSecond: number; readonly cpuMsPerRequest: number | null };
  /** `waitedMs`: how long workerd was ready and had no core. Beyond some hundred the times are the machine's. */
  readonly steady: Phase & { readonly waitedMs: number | null };
  readonly overload: Phase & { readonly healthP50Ms: number; readonly healthP99Ms: number };
  readonly recoveryMs: number;
  /** After so many requests since the steady part began. */
  readonly rssMegabytes: { readonly at2000: number | null; readonly at20000: number | null };
  readonly verdicts: readonly Verdict[];
}

interface Phase {
  readonly requests: number;
  readonly perSecond: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the requests that were answered by 200. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const connections = 4;
const growthFrom = 2000;
const growthTo = 20_000;
const healthEveryMs = 100;

/** Finds what one isolate can answer, then asks 70 % of it, then twice of it, then a little again. */
export async function testLoad(options: LoadOptions): Promise<LoadReport> {
  const { url, image, workerd, say } = options;
  const shot: Shot = { url, method: "POST", path: "/classify", body: image };
  // From the steady part on: what V8's first collection finds takes some thousand requests to gather.
  const rss = new Map<number, number>();
  let answered = 0;
  const note = (): void => {
    answered++;
    if ((answered === growthFrom || answered === growthTo) && workerd !== undefined) {
      rss.set(answered, workerd.rssBytes() / 1e6);
    }
  };
  for (let i = 0; i < 100; i++) await send(shot);

  say("capacity: as fast as answers come");
  const cpuBefore = workerd?.cpuMs() ?? 0;
  const busy = await sendBusily(shot, connections, 1000 * options.capacitySeconds);
  const perSecond = busy.length / options.capacitySeconds;
  const cpuMsPerRequest = workerd === undefined ? null : (workerd.cpuMs() - cpuBefore) / busy.length;

  say(`steady: 70 % of ${perSecond.toFixed(0)} a second`);
  const steadyMs = 1000 * options.steadySeconds;
  const isSteadyOver = (_: number, elapsedMs: number): boolean => elapsedMs >= steadyMs;
  const waitedBefore = workerd?.waitedMs() ?? 0;
  const outcomes = await sendSteadily(shot, 0.7 * perSecond, isSteadyOver, note);
  const waitedMs = workerd === undefined ? null : workerd.waitedMs() - waitedBefore;
  const steady = { ...phaseOf(outcomes, 0.7 * perSecond), waitedMs };
  if (answered < options.leastRequests) say(`more, up to ${options.leastRequests} requests since`);
  while (answered < options.leastRequests) await sendBusily(shot, connections, 1000, note);

  say("overload: twice the capacity");
  const overloadMs = 1000 * options.overloadSeconds;
  const isOver = (_: number, elapsedMs: number): boolean => elapsedMs >= overloadMs;
  const [flood, health] = await Promise.all([
    sendSteadily(shot, 2 * perSecond, isOver),
    sendSteadily({ url, method: "GET", path: "/health/live" }, 1000 / healthEveryMs, isOver),
  ]);
  const recoveryMs = await recover(shot, steady.p50Ms);
  const overload = {
    ...phaseOf(flood, 2 * perSecond),
    healthP50Ms: quantile(health, 0.5),
    healthP99Ms: quantile(health, 0.99),
  };
  const rssMegabytes = { at2000: rss.get(growthFrom) ?? null, at20000: rss.get(growthTo) ?? null };
  const report = { capacity: { perSecond, cpuMsPerRequest }, steady, overload, recoveryMs, rssMegabytes };
  return { ...report, verdicts: judge(report, flood) };
}

/** Milliseconds until ten answers in a row are right and as fast as before. */
async function recover(shot: Shot, usualMs: number): Promise<number> {
  const startedAt = performance.now();
  for (let inRow = 0; inRow < 10 && performance.now() - startedAt < 60_000;) {
    const { status, latencyMs } = await send(shot);
    inRow = status === 200 && latencyMs <= 3 * usualMs ? inRow + 1 : 0;
  }
  return performance.now() - startedAt;
}

function phaseOf(outcomes: readonly Outcome[], perSecond: number): Phase {
  const statuses: Record<string, number> = {};
  for (const { status } of outcomes) statuses[status] = (statuses[status] ?? 0) + 1;
  const good = outcomes.filter(({ status }) => status === 200);
  return {
    requests: outcomes.length,
    perSecond,
    statuses,
    p50Ms: quantile(good, 0.5),
    p99Ms: quantile(good, 0.99),
  };
}

function judge(report: Omit<LoadReport, "verdicts">, flood: readonly Outcome[]): Verdict[] {
  const { steady, overload, recoveryMs, rssMegabytes } = report;
  const refused = flood.filter(({ status }) => status === 503);
  const { at2000, at20000 } = rssMegabytes;
  const growth = at2000 === null || at20000 === null ? null : at20000 - at2000;
  return [
    atMost("errors at 70 % of the capacity", steady.requests - (steady.statuses["200"] ?? 0), 0),
    atMost("p99 over p50 at 70 % of the capacity", steady.p99Ms / steady.p50Ms, 3),
    atMost("growth of resident memory between requests 2,000 and 20,000, MB", growth, 5),
    atMost(
      "answers to twice the capacity that are neither 200 nor 503",
      flood.length - refused.length - (overload.statuses["200"] ?? 0),
      0,
    ),
    atMost("503s without Retry-After", refused.filter(({ hasRetryAfter }) => !hasRetryAfter).length, 0),
    atMost("milliseconds until back to normal", recoveryMs, 2000),
  ];
}

function atMost(what: string, value: number | null, limit: number): Verdict {
  return { what, value, limit, holds: value === null ? null : value <= limit };
}
