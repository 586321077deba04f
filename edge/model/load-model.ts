import tfjsWasm from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm";
import type { AliasRecord } from "../../shared/contract/alias.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { createImageCodec, type ImageCodec } from "../../shared/image/codec.ts";
import codecWasm from "../../shared/image/codec/codec.wasm";
import { isolateModelBytes, openBundle } from "../../shared/inference/bundle.ts";
import { type Classifier, createClassifier } from "../../shared/inference/classifier.ts";
import type { SelfTestReport } from "../../shared/inference/self-test.ts";
import { installWasmBackend } from "../../shared/inference/wasm-backend.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { openBundleSource } from "./bundle-source.ts";
import { registerKernels } from "./kernels.ts";

/** A model that passed its self-test in this isolate. */
export interface LoadedModel {
  readonly classifier: Classifier;
  readonly selfTest: SelfTestReport;
  /** Bytes of the WASM memory that all models share, now. */
  readonly wasmBytes: () => number;
}

/** Loads the version an alias points at, beside a model that goes on serving. @param inUseBytes what that one takes */
export type ModelLoader = (record: AliasRecord, inUseBytes: number) => Promise<LoadedModel>;

/** Past it a tensor is refused, though estimates were wrong; the module starts with 16 MB. */
const largestHeapBytes = isolateModelBytes + 8 * 1024 * 1024;

/** The way from an alias to a classifier: backend, bundle, every check, the golden vectors. */
export function createModelLoader(store: ObjectStore): ModelLoader {
  let codec: ImageCodec | undefined;
  return async (record, inUseBytes) => {
    registerKernels();
    const backend = await installWasmBackend(tfjsWasm, { maxBytes: largestHeapBytes });
    codec ??= createImageCodec(codecWasm);
    const { model, version, manifestSha256 } = record;
    const bundle = await openBundle(await openBundleSource(store, model, version), {
      manifestSha256,
      memoryBudgetBytes: isolateModelBytes - inUseBytes,
    });
    if (bundle.manifest.model !== model || bundle.manifest.version !== version) {
      throw new AppError(
        "invalid_manifest",
        `the manifest is of ${bundle.manifest.model} ${bundle.manifest.version}, the alias says ${model} ${version}`,
      );
    }
    const classifier = createClassifier(bundle, codec);
    try {
      return { classifier, selfTest: classifier.selfTest(), wasmBytes: () => backend.memoryBytes };
    } catch (error) {
      classifier.dispose();
      throw error;
    }
  };
}
