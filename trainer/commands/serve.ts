import type { Command } from "commander";
import { isKeyActive } from "../../shared/contract/keys.ts";
import { listApiKeys } from "../auth/api-keys.ts";
import { describeCurl, keyAdvice, openWarning, requireClosedOrLocal } from "../serving/access.ts";
import { openStore } from "../storage/open-store.ts";
import { abortOnSignal, untilAborted } from "../terminal/interrupt.ts";
import { createOutput } from "../terminal/output.ts";
import { type CommonOptions, parsePort, withCommonOptions } from "./common-options.ts";

interface ServeOptions extends CommonOptions {
  readonly port: number;
  readonly host: string;
  readonly open: boolean;
  readonly state: string;
  readonly webhookHosts: string;
}

/** Adds `serve`: the edge Worker on this machine, following the local store. */
export function addServeCommand(program: Command): void {
  const command = program
    .command("serve")
    .description("run the edge Worker on this machine and follow what is published in the store")
    .option("--port <number>", "port to listen on, 0 for any free one", parsePort, 8787)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--open", "serve anybody on this machine without an API key", false)
    .option("--state <folder>", "what is remembered of cameras, and their key", ".edgewise/state")
    .option("--webhook-hosts <hosts>", "hosts that camera events may go to, by commas", "127.0.0.1");
  withCommonOptions(command, [
    "npm run edgewise -- serve --open",
    "npm run edgewise -- serve --host 0.0.0.0 --port 9000 --store /data/models",
  ]).action(async (options: ServeOptions) => {
    requireClosedOrLocal(options);
    const output = createOutput(options.json);
    const signal = abortOnSignal(output.say);
    output.say("building the Worker");
    // Wrangler takes a second to load; --help need not wait for it.
    const { openServing } = await import("../serving/serving.ts");
    const store = await openStore(options.store);
    const keys = (await listApiKeys(store)).filter((key) => isKeyActive(key, Date.now()));
    const serving = await openServing(store, {
      port: options.port,
      host: options.host,
      open: options.open,
      model: options.model,
      cameras: { folder: options.state, webhookHosts: options.webhookHosts },
      say: output.say,
      sayRoutine: output.say,
    });
    try {
      if (signal.aborted) return;
      output.answer(`serving model ${options.model} from ${options.store} at ${serving.url}`);
      output.answer(describeCurl(serving.url, options.open));
      output.answer(`  console: ${serving.url}/`);
      if (options.open) output.say(openWarning);
      else if (keys.length === 0)
        output.say(`no API key in ${options.store}, so nobody is served: ${keyAdvice}`);
      output.result({ url: serving.url, model: options.model, store: options.store });
      await untilAborted(signal);
    } finally {
      await serving.stop();
    }
  });
}
