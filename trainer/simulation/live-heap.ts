import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";

/** Asks how much a Worker in workerd holds. */
export interface HeapProbe {
  /** Bytes in use: objects of JavaScript, those of the runtime that they keep, and buffers; garbage is among them. */
  usedBytes(): Promise<number>;
  close(): void;
}

const targetsSchema = z.array(z.looseObject({ id: z.string(), webSocketDebuggerUrl: z.string() }));
const answerSchema = z.looseObject({
  id: z.number(),
  result: z.looseObject({
    usedSize: z.number(),
    embedderHeapUsedSize: z.number(),
    backingStorageSize: z.number(),
  }),
});

/**
 * Connects to V8's inspector of a Worker.
 * @param inspectorUrl of a local Worker that was started with it  @param worker its name
 * @throws internal when the inspector knows no such Worker or does not answer as V8's does
 */
export async function openHeapProbe(inspectorUrl: URL, worker: string): Promise<HeapProbe> {
  const list: unknown = await (await fetch(`http://${inspectorUrl.host}/json/list`)).json();
  const targets = parseWith(targetsSchema, list, "the inspector's targets", "internal");
  const target = targets.find(({ id }) => id.endsWith(`:${worker}`));
  if (target === undefined) throw new AppError("internal", `the inspector knows no Worker ${worker}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () =>
      reject(new AppError("internal", "the inspector cannot be reached")),
    );
  });
  let asked = 0;
  return {
    usedBytes: () => askUsage(socket, ++asked),
    close: () => socket.close(),
  };
}

function askUsage(socket: WebSocket, id: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(new AppError("internal", "the inspector ended"));
    socket.addEventListener("close", end, { once: true });
    socket.addEventListener(
      "message",
      ({ data }: MessageEvent) => {
        socket.removeEventListener("close", end);
        const { result } = parseWith(answerSchema, JSON.parse(String(data)), "the heap's use", "internal");
        resolve(result.usedSize + result.embedderHeapUsedSize + result.backingStorageSize);
      },
      { once: true },
    );
    socket.send(JSON.stringify({ id, method: "Runtime.getHeapUsage" }));
  });
}
