import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalWorker, startLocalWorker } from "../../../trainer/serving/local-worker.ts";
import { buildWorkerArtefact, type WorkerArtefact } from "../../../trainer/serving/worker-artefact.ts";

/** Builds the Worker once and starts it in workerd as often as a test wants. */
export interface ConsoleWorkers {
  /** @param model the one it serves, which need not exist  @param access open to this machine unless told */
  start(model: string, access?: { readonly open: boolean }): Promise<LocalWorker>;
  stop(): Promise<void>;
}

/** The Worker as it would be deployed. */
export async function openConsoleWorkers(): Promise<ConsoleWorkers> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-console-"));
  const artefact: WorkerArtefact = await buildWorkerArtefact(join(folder, "worker"));
  const started: LocalWorker[] = [];
  return {
    start: async (model, { open } = { open: true }) => {
      const worker = await startLocalWorker(artefact, {
        port: 0,
        host: "127.0.0.1",
        open,
        vars: { MODEL: model, ALIAS_POLL_SECONDS: "0" },
      });
      started.push(worker);
      return worker;
    },
    stop: async () => {
      await Promise.all(started.map((worker) => worker.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
