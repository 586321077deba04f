import * as tf from "@tensorflow/tfjs-core";
// registers the gradients of every op
import { version_layers } from "@tensorflow/tfjs-layers";
import { AppError } from "../../shared/contract/errors.ts";
import { composedMath } from "./composed-math.ts";
import type { Engine, EngineName } from "./engine.ts";
import { normalizeBatchNatively, registerNativeBatchNorm } from "./native-batch-norm.ts";
import { nativePackages } from "./probe-native.ts";

/** What a native package exports, as far as it is used here. */
interface NativePackage {
  readonly version?: { readonly "tfjs-node"?: string };
}

/**
 * Loads a native package that has passed its probe and makes an engine of it.
 * @param path absolute, of the package's main file
 * @throws engine_unavailable when it registers its backend with another copy of tfjs-core, or does not start
 */
export async function openNativeEngine(
  name: Exclude<EngineName, "wasm">,
  path: string,
  notices: readonly string[],
): Promise<Engine> {
  // checked by the probe to be this package
  const loaded = (await import(path)) as { default?: NativePackage };
  if (tf.findBackendFactory("tensorflow") === undefined) {
    throw new AppError(
      "engine_unavailable",
      `${nativePackages[name]} uses another copy of @tensorflow/tfjs-core; install the same version of both`,
    );
  }
  const activate = async (): Promise<void> => {
    if (await tf.setBackend("tensorflow")) return;
    throw new AppError("engine_unavailable", `${nativePackages[name]} did not start; use --engine wasm`);
  };
  await activate();
  const hasOwn = registerNativeBatchNorm();
  return {
    name,
    backendName: "tensorflow",
    packages: {
      "@tensorflow/tfjs-core": tf.version_core,
      "@tensorflow/tfjs-layers": version_layers,
      [nativePackages[name]]: loaded.default?.version?.["tfjs-node"] ?? tf.version_core,
    },
    notices,
    activate,
    adamStep: composedMath.adamStep,
    normalizeBatch: hasOwn ? normalizeBatchNatively : composedMath.normalizeBatch,
  };
}
