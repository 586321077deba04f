import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { BridgePorts } from "../../../edge/bridge/ports.ts";

/** A server of this test on this machine. */
export interface LanServer {
  readonly url: string;
  close(): void;
}

/** A frame that the Worker got. */
export interface PostedFrame {
  readonly path: string;
  readonly at: number;
  readonly bytes: Buffer;
}

/** A Worker that notes what is posted. */
export interface PostedTo extends LanServer {
  readonly frames: PostedFrame[];
  /** What it answers the next posts with, then 200. */
  readonly refusals: { readonly status: number; readonly headers?: Record<string, string> }[];
  /** Resolves when there are so many frames. */
  until(count: number): Promise<void>;
}

/** Serves on a free port. */
export async function serveLan(answer: RequestListener): Promise<LanServer> {
  const server: Server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Serves as the Worker's ingest would. */
export async function servePosts(): Promise<PostedTo> {
  const frames: PostedFrame[] = [];
  const refusals: { readonly status: number; readonly headers?: Record<string, string> }[] = [];
  const waiting = new Set<() => void>();
  const server = await serveLan(async (request, response) => {
    const bytes = await bodyOf(request);
    const refusal = refusals.shift();
    if (refusal !== undefined) return response.writeHead(refusal.status, refusal.headers).end();
    const url = new URL(request.url ?? "", "http://edge");
    frames.push({ path: url.pathname, at: Number(url.searchParams.get("at")), bytes });
    response.writeHead(200, { "content-type": "application/json" }).end('{"result":true}');
    for (const look of waiting) look();
    return undefined;
  });
  return {
    ...server,
    frames,
    refusals,
    until: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (frames.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Ports whose sleep only lets others run, and notes how long it would have been. */
export function swiftPorts(): BridgePorts & { readonly slept: number[]; readonly logged: unknown[] } {
  let now = Date.parse("2026-01-31T00:00:00Z");
  const slept: number[] = [];
  const logged: unknown[] = [];
  return {
    slept,
    logged,
    now: () => now,
    random: () => 1,
    sleep: async (milliseconds) => {
      now += milliseconds;
      slept.push(milliseconds);
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
    log: (entry) => void logged.push(entry),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
