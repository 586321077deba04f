// The bridge as a program of its own: cameras of a local network that cannot post by themselves.
// usage: node edge/bridge/main.ts CONFIG.json
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isAppError } from "../../shared/contract/errors.ts";
import { createImageCodec, type ImageCodec } from "../../shared/image/codec.ts";
import { parseBridgeConfig } from "./bridge-config.ts";
import type { BridgePorts } from "./ports.ts";
import { runBridge } from "./run-bridge.ts";

const ports: BridgePorts = {
  now: Date.now,
  random: Math.random,
  sleep: async (milliseconds, signal) => {
    await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  },
  log: (entry) => {
    process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
  },
};

process.exitCode = await main(process.argv[2]);

async function main(path: string | undefined): Promise<number> {
  if (path === undefined) return fail("usage: node edge/bridge/main.ts CONFIG.json", 2);
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
  try {
    const config = parseBridgeConfig(readFileSync(path, "utf8"), process.env);
    ports.log({ event: "started", cameras: config.cameras.map(({ camera }) => camera) });
    const counts = await runBridge(config, loadCodec(), ports, stopping.signal);
    ports.log({ event: "stopped", counts });
    return 0;
  } catch (error) {
    return fail(
      error instanceof Error ? error.message : String(error),
      isAppError(error, "invalid_argument") ? 2 : 1,
    );
  }
}

function fail(message: string, code: number): number {
  process.stderr.write(`edgewise bridge: ${message}\n`);
  return code;
}

/** The codec that the Worker decodes with. */
function loadCodec(): ImageCodec {
  const bytes = readFileSync(new URL("../../shared/image/codec/codec.wasm", import.meta.url));
  // Code that also runs in Workers must not compile: shared/webassembly.d.ts hides the constructor from it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's constructor takes bytes
  const CompiledModule = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
  return createImageCodec(new CompiledModule(bytes));
}
