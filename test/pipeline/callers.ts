import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openServing } from "../../trainer/serving/serving.ts";
import { drillModel, type Ground } from "./ground.ts";

/** Callers of a real Worker that serves what a ground has published. */
export interface Callers {
  readonly answers: () => number;
  readonly failures: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts a Worker and asks it about the drawn images, one after the other, each as another device, until it is stopped. */
export async function callWorker(ground: Ground): Promise<Callers> {
  const serving = await openServing(ground.serving, {
    port: 0,
    host: "127.0.0.1",
    open: true,
    model: drillModel,
    say: silent,
    sayRoutine: silent,
  });
  const folder = join(ground.folder, "images");
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const stopping = new AbortController();
  let answers = 0;
  let failures = 0;
  const calling = (async () => {
    for (let call = 0; !stopping.signal.aborted; call += 1) {
      const file = files[(call * 37) % files.length];
      if (file === undefined) return;
      const response = await fetch(`${serving.url}/classify`, {
        method: "POST",
        headers: { "content-type": "image/jpeg", "x-device-id": `device-${call % 50}` },
        body: await readFile(join(file.parentPath, file.name)),
      });
      await response.arrayBuffer();
      if (response.ok) answers += 1;
      else failures += 1;
    }
  })();
  return {
    answers: () => answers,
    failures: () => failures,
    stop: async () => {
      stopping.abort();
      await calling;
      await serving.stop();
    },
  };
}

function silent(): void {
  // a drill tells what came of it, not what the Worker logs
}
