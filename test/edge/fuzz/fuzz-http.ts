import { Agent, request as httpRequest } from "node:http";
import * as z from "zod/mini";
import { problemMediaType, problemSchema } from "../../../shared/contract/problem.ts";
import { stream } from "../../../trainer/training/random.ts";
import { findWorkerd } from "../../fixtures/workerd-process.ts";
import { type FuzzedRequest, mutate } from "./mutate.ts";
import { goodImage, seedRequests } from "./seed-requests.ts";

/** What a run of the fuzzer found. */
export interface FuzzReport {
  readonly seed: number;
  readonly mutations: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Most CPU of workerd during one request, the good one after it included; `null` where that is not measured. */
  readonly mostCpuMs: number | null;
  /** Requests that were not answered as they must be, by the number of their mutation. */
  readonly faults: readonly { readonly mutation: number; readonly name: string; readonly fault: string }[];
}

interface Answer {
  readonly status: number;
  readonly mediaType: string;
  readonly body: string;
}

const allowedCpuMs = 500;
const timeoutMs = 20_000;
/** Their clients read failures of another form. */
const dialects = /^\/(?:v2|hf|v1)\b/;
const goodSchema = z.object({
  predictions: z.array(z.object({ label: z.string(), probability: z.number() })),
});

/**
 * Sends mutated requests one after the other to a Worker that serves the hand-made model, a good one after each.
 * @param onDone told how many are done
 */
export async function fuzzHttp(
  url: string,
  { seed, mutations }: { readonly seed: number; readonly mutations: number },
  onDone: (done: number) => void = () => undefined,
): Promise<FuzzReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const workerd = findWorkerd().at(-1);
  const seeds = seedRequests();
  const statuses: Record<string, number> = {};
  const faults: { mutation: number; name: string; fault: string }[] = [];
  let mostCpuMs = 0;
  try {
    for (let mutation = 0; mutation < mutations; mutation++) {
      const random = stream(seed, `fuzz/${mutation}`);
      const request = mutate(seeds[mutation % seeds.length] as (typeof seeds)[number], seeds, random);
      const before = workerd?.cpuMs() ?? 0;
      const { status, fault } = await judge(agent, url, request);
      statuses[status] = (statuses[status] ?? 0) + 1;
      const wrong = fault ?? (await faultOfGood(agent, url));
      const cpuMs = (workerd?.cpuMs() ?? 0) - before;
      mostCpuMs = Math.max(mostCpuMs, cpuMs);
      if (wrong !== null) faults.push({ mutation, name: request.name, fault: wrong });
      else if (cpuMs > allowedCpuMs)
        faults.push({ mutation, name: request.name, fault: `took ${cpuMs} ms of CPU` });
      onDone(mutation + 1);
    }
  } finally {
    agent.destroy();
  }
  return { seed, mutations, statuses, mostCpuMs: workerd === undefined ? null : mostCpuMs, faults };
}

async function judge(
  agent: Agent,
  url: string,
  request: FuzzedRequest,
): Promise<{ readonly status: string; readonly fault: string | null }> {
  try {
    const answer = await send(agent, url, request);
    return { status: String(answer.status), fault: faultOf(request, answer) };
  } catch (error) {
    return { status: "none", fault: `no answer: ${String(error)}` };
  }
}

function faultOf({ method, path }: FuzzedRequest, { status, mediaType, body }: Answer): string | null {
  if (status >= 200 && status < 400) return null;
  if (status >= 500 && status !== 503) return `status ${status}: ${body.slice(0, 300)}`;
  if (method === "HEAD" || dialects.test(path)) return null;
  if (mediaType !== problemMediaType) return `status ${status} as ${mediaType}: ${body.slice(0, 300)}`;
  return z.safeParse(problemSchema, parseJson(body)).success ? null : `no problem: ${body.slice(0, 300)}`;
}

async function faultOfGood(agent: Agent, url: string): Promise<string | null> {
  const headers = { "content-type": "image/png" };
  const request = { name: "good", method: "POST", path: "/classify", headers, body: goodImage() };
  try {
    const { status, body } = await send(agent, url, request);
    const answer = z.safeParse(goodSchema, parseJson(body));
    const top = answer.success ? answer.data.predictions[0] : undefined;
    if (status === 200 && top?.label === "green" && top.probability > 0.99) return null;
    return `then a good request got ${status}: ${body.slice(0, 300)}`;
  } catch (error) {
    return `then a good request got no answer: ${String(error)}`;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(agent: Agent, url: string, { method, path, headers, body }: FuzzedRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const length = body.length > 0 ? { "content-length": String(body.length) } : {};
    const outgoing = httpRequest(
      { agent, hostname, port, method, path, headers: { ...headers, ...length }, timeout: timeoutMs },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            mediaType: incoming.headers["content-type"] ?? "",
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`nothing within ${timeoutMs} ms`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
