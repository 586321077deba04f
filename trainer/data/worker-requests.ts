import type { Worker } from "node:worker_threads";
import { AppError } from "../../shared/contract/errors.ts";

/**
 * Sends a thread one request and waits for its one answer; a thread is asked one thing at a time.
 * @throws {AppError} internal when the thread fails or ends instead
 */
export function askWorker<Reply>(worker: Worker, request: unknown): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    };
    const onMessage = (reply: Reply): void => {
      stop();
      resolve(reply);
    };
    const onError = (cause: Error): void => {
      stop();
      reject(new AppError("internal", `a thread failed: ${cause.message}`, { cause }));
    };
    const onExit = (code: number): void => {
      stop();
      reject(new AppError("internal", `a thread ended with code ${code}`));
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(request, []);
  });
}

/** Works off a list with several threads, each taking the next item when it is free. */
export async function shareOut<Item>(
  workers: readonly Worker[],
  items: readonly Item[],
  work: (worker: Worker, item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    workers.map(async (worker) => {
      for (let item = items[next++]; item !== undefined; item = items[next++]) await work(worker, item);
    }),
  );
}
