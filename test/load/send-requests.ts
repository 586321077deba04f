import { Agent, request } from "node:http";

/** What came of one request. */
export interface Outcome {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly hasRetryAfter: boolean;
  /** From when it was due to the end of its answer, so that a late sender hides nothing. */
  readonly latencyMs: number;
}

/** A request that is sent again and again. */
export interface Shot {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: Uint8Array;
}

const agent = new Agent({ keepAlive: true, maxSockets: 512 });
const timeoutMs = 30_000;

/** Sends one request. @param dueAt by `performance.now()` */
export function send({ url, method, path, body }: Shot, dueAt: number = performance.now()): Promise<Outcome> {
  const { hostname, port } = new URL(url);
  const headers = body === undefined ? {} : { "content-type": "image/jpeg", "content-length": body.length };
  return new Promise((resolve) => {
    const done = (status: number, hasRetryAfter: boolean): void =>
      resolve({ status, hasRetryAfter, latencyMs: performance.now() - dueAt });
    const outgoing = request(
      { agent, hostname, port, method, path, headers, timeout: timeoutMs },
      (incoming) => {
        incoming.resume();
        incoming.on("error", () => done(0, false));
        incoming.on("end", () =>
          done(incoming.statusCode ?? 0, incoming.headers["retry-after"] !== undefined),
        );
      },
    );
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", () => done(0, false));
    outgoing.end(body);
  });
}

/** Sends as fast as answers come, over so many connections (a closed loop). */
export async function sendBusily(
  shot: Shot,
  connections: number,
  milliseconds: number,
  onAnswer: (outcome: Outcome) => void = () => undefined,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const end = performance.now() + milliseconds;
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      const outcome = await send(shot);
      outcomes.push(outcome);
      onAnswer(outcome);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return outcomes;
}

/**
 * Sends at a steady rate, whether answers come or not (an open loop).
 * @param perSecond requests
 * @param isOver asked before each
 */
export async function sendSteadily(
  shot: Shot,
  perSecond: number,
  isOver: (sent: number, elapsedMs: number) => boolean,
  onAnswer: (outcome: Outcome) => void = () => undefined,
): Promise<Outcome[]> {
  const outcomes: Promise<Outcome>[] = [];
  const startedAt = performance.now();
  for (let sent = 0; !isOver(sent, performance.now() - startedAt); sent++) {
    const dueAt = startedAt + (1000 * sent) / perSecond;
    const early = dueAt - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const outcome = send(shot, dueAt);
    void outcome.then(onAnswer);
    outcomes.push(outcome);
  }
  return Promise.all(outcomes);
}

/** Closes the connections. */
export function closeConnections(): void {
  agent.destroy();
}

/** The value that `share` of the latencies are not above, in milliseconds. */
export function quantile(outcomes: readonly Outcome[], share: number): number {
  const sorted = outcomes.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
