import { ClientError, errorOfAnswer } from "./client-error.ts";

/** How requests are sent, and sent again. */
export interface SendOptions {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Longest time of one attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Longest wait before another attempt, in milliseconds; a server that asks for longer is not asked again. */
  readonly longestWaitMs: number;
  readonly signal: AbortSignal | undefined;
  /** 0..1, for the jitter. */
  readonly random: () => number;
  readonly wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const firstWaitMs = 250;

/**
 * Sends a request until it is answered: again after failures that may pass, with exponential back-off and full jitter,
 * or when the server says.
 * @param request with a body that can be read again: no stream
 * @param isAnswer whether JSON is what the path answers, and not that of something in between
 * @throws {ClientError}
 */
export async function sendForJson<T>(
  url: string,
  request: RequestInit,
  isAnswer: (body: unknown) => body is T,
  options: SendOptions,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await sendOnce(url, request, isAnswer, options);
    } catch (error) {
      if (!(error instanceof ClientError) || !error.isRetryable || attempt >= options.retries) throw error;
      const waitMs = waitBefore(attempt, error, options);
      if (waitMs > options.longestWaitMs) throw error;
      await options.wait(waitMs, options.signal);
    }
  }
}

function waitBefore(attempt: number, error: ClientError, { random, longestWaitMs }: SendOptions): number {
  const backOffMs = Math.min(firstWaitMs * 2 ** attempt, longestWaitMs) * random();
  // all that were sent away together would come back together, but for the jitter
  return error.retryAfterSeconds === null
    ? backOffMs
    : error.retryAfterSeconds * 1000 + firstWaitMs * random();
}

async function sendOnce<T>(
  url: string,
  init: RequestInit,
  isAnswer: (body: unknown) => body is T,
  options: SendOptions,
): Promise<T> {
  const { signal, timeoutMs } = options;
  if (wasAborted(signal)) throw aborted(signal);
  // AbortSignal.any and .timeout are missing where React Native runs
  const stopper = new AbortController();
  let isLate = false;
  const stop = (): void => stopper.abort();
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, timeoutMs);
  signal?.addEventListener("abort", stop);
  try {
    const response = await options.fetch(url, { ...init, signal: stopper.signal });
    const body = parse(await response.text());
    if (!response.ok || !isAnswer(body)) throw errorOfAnswer(response, body, options.clock());
    return body;
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    if (wasAborted(signal)) throw aborted(signal);
    throw isLate
      ? new ClientError("timeout", `no answer from ${url} within ${timeoutMs} ms`, { cause })
      : new ClientError("unreachable", `no answer from ${url}; is it running, and is this device online?`, {
          cause,
        });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** In a function, since it changes while an answer is waited for, which no type tells. */
function wasAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function aborted(signal: AbortSignal | undefined): ClientError {
  return new ClientError("aborted", "the call was aborted", { cause: signal?.reason });
}

/** `undefined` for what is no JSON, as of a proxy in between. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Waits; an abort ends it. @throws {ClientError} aborted */
export function waitFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (wasAborted(signal)) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(aborted(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop);
  });
}
