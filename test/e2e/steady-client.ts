import { classifyAnswerSchema } from "../../shared/contract/classify.ts";
import { parseWith } from "../../shared/contract/parse.ts";

/** What one request of a steady client came to. */
export interface SeenAnswer {
  readonly device: string;
  /** 0 where there was no answer at all. */
  readonly status: number;
  readonly version: string;
  readonly label: string;
}

/** A client that asks again and again. */
export interface SteadyClient {
  /** Every answer so far. */
  readonly answers: readonly SeenAnswer[];
  /** Answers until `isDone` holds for those since this call, and gives these. @throws when the client was stopped */
  until(isDone: (since: readonly SeenAnswer[]) => boolean): Promise<readonly SeenAnswer[]>;
  stop(): Promise<void>;
}

/** Requests under way at once. */
const atOnce = 2;

/** Posts an image without pause, in turn as each of some devices. */
export function startSteadyClient(
  url: string,
  image: Uint8Array<ArrayBuffer>,
  devices: number,
): SteadyClient {
  const answers: SeenAnswer[] = [];
  const listeners = new Set<() => void>();
  const stopping = new AbortController();
  let sent = 0;
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      answers.push(await ask(url, image, `phone-${sent++ % devices}`));
      for (const listener of listeners) listener();
    }
  };
  const working = Promise.all(Array.from({ length: atOnce }, work));
  return {
    answers,
    until: (isDone) => {
      const from = answers.length;
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const since = answers.slice(from);
          if (!stopping.signal.aborted && !isDone(since)) return;
          listeners.delete(look);
          if (stopping.signal.aborted) reject(new Error("the client was stopped"));
          else resolve(since);
        };
        listeners.add(look);
      });
    },
    stop: async () => {
      stopping.abort();
      await working;
      for (const listener of listeners) listener();
    },
  };
}

async function ask(url: string, image: Uint8Array<ArrayBuffer>, device: string): Promise<SeenAnswer> {
  try {
    const response = await fetch(`${url}/classify`, {
      method: "POST",
      body: image,
      headers: { "content-type": "image/png", "x-device-id": device },
    });
    if (!response.ok) return { device, status: response.status, version: "", label: await response.text() };
    const { version, predictions } = parseWith(classifyAnswerSchema, await response.json(), "the answer");
    return { device, status: response.status, version, label: predictions[0]?.label ?? "" };
  } catch {
    return { device, status: 0, version: "", label: "" };
  }
}
