import tfjsWasm from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm";
import { AppError } from "../../shared/contract/errors.ts";
import { createImageCodec, type ImageCodec } from "../../shared/image/codec.ts";
import codecWasm from "../../shared/image/codec/codec.wasm";
import kernelsWasm from "../../shared/inference/kernels/kernels.wasm";
import { isolateModelBytes, openBundle } from "../../shared/inference/bundle.ts";
import { type Classifier, createClassifier } from "../../shared/inference/classifier.ts";
import type { GraphMemory } from "../../shared/inference/graph-check.ts";
import type { SelfTestReport } from "../../shared/inference/self-test.ts";
import { vectorsAtLoad } from "../../shared/inference/plan/cost.ts";
import { installWasmBackend } from "../../shared/inference/wasm-backend.ts";
import { type BundlePlaces, openBundleSource } from "./bundle-source.ts";
import { registerKernels } from "./kernels.ts";
import type { LocatedVersion } from "./model-reference.ts";

/** A model that passed its self-test in this isolate. */
export interface LoadedModel {
  readonly classifier: Classifier;
  readonly manifestSha256: string;
  /** That the classifier decodes with. */
  readonly codec: ImageCodec;
  readonly selfTest: SelfTestReport;
  /** Bytes of the WASM memory that all models share, now. */
  readonly wasmBytes: () => number;
}

/** The part of the isolate's memory for models that a version may have. */
export interface ModelRoom {
  /** The most it may take with its activations; beside models that must stay. */
  readonly mostBytes: number;
  /** Frees models that may go until this one fits. @throws budget_exceeded when it never can, nothing freed */
  readonly make: (needed: GraphMemory) => void;
}

/** Loads a version beside models that go on serving. */
export type ModelLoader = (located: LocatedVersion, room: ModelRoom) => Promise<LoadedModel>;

/** Past it a tensor is refused, though estimates were wrong; the module starts with 16 MB. */
const largestHeapBytes = isolateModelBytes + 8 * 1024 * 1024;

/** The way from a version to a classifier: backend, bundle, every check, golden vectors. */
export function createModelLoader(places: BundlePlaces): ModelLoader {
  let codec: ImageCodec | undefined;
  return async (located, room) => {
    registerKernels();
    const backend = await installWasmBackend(tfjsWasm, { kernels: kernelsWasm, maxBytes: largestHeapBytes });
    codec ??= createImageCodec(codecWasm);
    const { model, version, manifestSha256 } = located;
    const bundle = await openBundle(await openBundleSource(places, located), {
      ...(manifestSha256 === undefined ? {} : { manifestSha256 }),
      memoryBudgetBytes: room.mostBytes,
    });
    if (bundle.manifest.model !== model || bundle.manifest.version !== version) {
      throw new AppError(
        "invalid_manifest",
        `the manifest is of ${bundle.manifest.model} ${bundle.manifest.version}, it was asked for as ${model} ${version}`,
      );
    }
    room.make(bundle.graph.memory);
    const classifier = createClassifier(bundle, codec);
    try {
      return {
        classifier,
        codec,
        manifestSha256: bundle.manifestSha256,
        selfTest: classifier.selfTest(vectorsAtLoad(bundle.plan)),
        wasmBytes: () => backend.memoryBytes,
      };
    } catch (error) {
      classifier.dispose();
      throw error;
    }
  };
}
