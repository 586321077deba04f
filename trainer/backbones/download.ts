import { AppError } from "../../shared/contract/errors.ts";
import type { Backbone } from "./registry.ts";

/** Without an answer or a further byte for so long, there is no network. */
const silenceMs = 10_000;

/**
 * Fetches a backbone's file; the caller compares its digest.
 * @param onProgress called with bytes as they arrive
 * @throws not_found for an answer other than the file, and whatever `fetch` throws without a network
 */
export async function download(
  { url, bytes: expected }: Pick<Backbone, "url" | "bytes">,
  {
    onProgress,
    signal,
  }: { readonly onProgress?: (done: number, total: number) => void; readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  const silence = new AbortController();
  const giveUp = (): void =>
    silence.abort(new AppError("not_found", `no answer within ${silenceMs / 1000} s`));
  let timer = setTimeout(giveUp, silenceMs);
  const signals = signal === undefined ? [silence.signal] : [silence.signal, signal];
  try {
    const response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (!response.ok || response.body === null) {
      throw new AppError("not_found", `${url} answered ${response.status}`);
    }
    const bytes = new Uint8Array(expected);
    let done = 0;
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, silenceMs);
      if (done + chunk.length > expected) {
        throw new AppError("not_found", `${url} gave more than the ${expected} bytes of the file`);
      }
      bytes.set(chunk, done);
      done += chunk.length;
      onProgress?.(done, expected);
    }
    return bytes.subarray(0, done);
  } finally {
    clearTimeout(timer);
  }
}
