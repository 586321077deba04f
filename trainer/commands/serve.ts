import type { Command } from "commander";
import { openStore } from "../storage/open-store.ts";
import { abortOnSignal, untilAborted } from "../terminal/interrupt.ts";
import { createOutput } from "../terminal/output.ts";
import { type CommonOptions, parsePort, withCommonOptions } from "./common-options.ts";

interface ServeOptions extends CommonOptions {
  readonly port: number;
  readonly host: string;
}

/** Adds `serve`: the edge Worker on this machine, following the local store. */
export function addServeCommand(program: Command): void {
  const command = program
    .command("serve")
    .description("run the edge Worker on this machine and follow what is published in the store")
    .option("--port <number>", "port to listen on, 0 for any free one", parsePort, 8787)
    .option("--host <address>", "address to listen on", "127.0.0.1");
  withCommonOptions(command, [
    "npm run edgewise -- serve",
    "npm run edgewise -- serve --port 9000 --store /data/models",
  ]).action(async (options: ServeOptions) => {
    const output = createOutput(options.json);
    const signal = abortOnSignal(output.say);
    output.say("building the Worker");
    // Wrangler takes a second to load; --help need not wait for it.
    const { openServing } = await import("../serving/serving.ts");
    const serving = await openServing(await openStore(options.store), {
      port: options.port,
      host: options.host,
      model: options.model,
      say: output.say,
      sayRoutine: output.say,
    });
    try {
      if (signal.aborted) return;
      output.answer(`serving model ${options.model} from ${options.store} at ${serving.url}`);
      output.answer(`  curl --data-binary @photo.jpg -H 'content-type: image/jpeg' ${serving.url}/classify`);
      output.answer(`  console: ${serving.url}/`);
      output.result({ url: serving.url, model: options.model, store: options.store });
      await untilAborted(signal);
    } finally {
      await serving.stop();
    }
  });
}
