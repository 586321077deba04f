import { AppError } from "../../shared/contract/errors.ts";
import type { Engine, EngineChoice, EngineName } from "./engine.ts";
import { openNativeEngine } from "./native-engine.ts";
import { nativePackages, type ProbeResult, probeNative } from "./probe-native.ts";
import { openWasmEngine } from "./wasm-engine.ts";

type NativeName = Exclude<EngineName, "wasm">;

const fastestFirst: readonly NativeName[] = ["native-gpu", "native-cpu"];

/**
 * Opens what computes the training: the engine asked for, or for `auto` the fastest that works. A native engine that
 * is missing or broken is no error: `wasm` takes its place and `notices` says why, in one line each. `auto` says
 * nothing of packages that are not installed, as they are optional.
 * @param probe tries a native package by name; replaced in tests only
 * @throws engine_unavailable when not even the WASM engine starts, or when `EDGEWISE_REQUIRE_GPU=1` and no card is used
 */
export async function openEngine(
  choice: EngineChoice,
  probe: (packageName: string) => Promise<ProbeResult> = probeNative,
): Promise<Engine> {
  const notices: string[] = [];
  const requireGpu = process.env["EDGEWISE_REQUIRE_GPU"] === "1";
  const candidates = choice === "auto" ? fastestFirst : fastestFirst.filter((name) => name === choice);
  for (const name of candidates) {
    const result = await probe(nativePackages[name]);
    const fault = faultOf(name, result);
    if (result.kind === "usable" && fault === null && !(requireGpu && name === "native-cpu")) {
      try {
        return await openNativeEngine(name, result.path, notices);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        notices.push(`engine ${name} is not available (${error.message})`);
      }
    } else if (choice !== "auto" || result.kind === "broken") {
      notices.push(`engine ${name} is not available (${fault}); wasm is used instead`);
    }
  }
  if (requireGpu) {
    throw new AppError(
      "engine_unavailable",
      `a graphics card is required here and none is used (${notices.join("; ") || "@tensorflow/tfjs-node-gpu is not installed"}); ` +
        "repair the driver or the image, or unset EDGEWISE_REQUIRE_GPU",
    );
  }
  return openWasmEngine(notices);
}

/** Why a probed package cannot be used, `null` when it can. */
function faultOf(name: NativeName, result: ProbeResult): string | null {
  const packageName = nativePackages[name];
  if (result.kind === "absent") {
    const flag = name === "native-gpu" ? " -- --gpu" : "";
    return `${packageName} is not installed; npm run setup:native${flag} installs it`;
  }
  if (result.kind === "broken") return `${packageName} fails: ${result.reason}`;
  return name === "native-gpu" && !result.gpu ? `${packageName} finds no graphics card` : null;
}
