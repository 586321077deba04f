import type { Engine, EngineChoice } from "./engine.ts";
import { openWasmEngine } from "./wasm-engine.ts";

export async function openEngine(_choice: EngineChoice): Promise<Engine> {
  return openWasmEngine();
}
