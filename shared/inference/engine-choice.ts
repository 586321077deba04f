import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../contract/errors.ts";
import type { Bundle } from "./bundle.ts";
import type { LoadedGraph } from "./loaded-graph.ts";
import { PlannedGraph } from "./plan/planned-graph.ts";
import { type GoldenReport, runSelfTest, type SelfTestReport } from "./self-test.ts";
import { loadStockGraph } from "./stock-graph.ts";
import { WasmBackend } from "./wasm-backend.ts";

/** `fastest` takes our kernels where they can run the graph; `stock` takes tfjs's, but for a model in integers. */
export type EngineChoice = "fastest" | "stock";

/** A loaded graph that gives way to stock tfjs when its answers are not tfjs's. */
export interface ChosenEngine {
  /** What serves now. */
  readonly graph: LoadedGraph;
  /**
   * Runs golden vectors; the first time decides which engine serves.
   * @param run from a graph and an encoded image to logits [C]
   * @throws {AppError} self_test_failed when stock tfjs, too, gives something else than was published
   */
  selfTest(run: (graph: LoadedGraph, image: Uint8Array) => Float32Array, limit?: number): SelfTestReport;
}

/** Golden vectors hold what stock tfjs gave; ours may round differently by this much of a probability. */
const largestProbabilityDelta = 2e-5;

/**
 * Loads a bundle for the engine that is to serve it.
 * Stock tfjs is not loaded beside our kernels to compare with: WASM memory never shrinks, and its first run takes
 * longer than ours takes for the whole load. Its answers are in the bundle already, as golden vectors.
 * @throws {AppError} engine_unavailable without the WASM backend, unsupported_model, budget_exceeded
 */
export function chooseEngine(bundle: Bundle, choice: EngineChoice): ChosenEngine {
  const backend = requireBackend(bundle.graph.kernels);
  const { plan, manifest } = bundle;
  const { plans } = backend;
  let graph: LoadedGraph;
  let untested: Bundle | undefined;
  const isInteger = manifest.activationGrids !== undefined;
  if (plan === undefined || plans === undefined || (choice === "stock" && !isInteger)) {
    if (isInteger)
      throw new AppError("engine_unavailable", "a model in integers needs our kernels; load them");
    graph = loadStockGraph(bundle);
  } else {
    graph = new PlannedGraph(bundle, plan, backend.wasm, plans);
    // floats of stock tfjs are not what a model in integers was evaluated by
    if (!isInteger) untested = bundle;
  }

  return {
    get graph() {
      return graph;
    },
    selfTest: (run, limit) => {
      const test = (): GoldenReport => runSelfTest(manifest.golden, (image) => run(graph, image), limit);
      const fallback = untested;
      if (fallback !== undefined) {
        const report = passed(test);
        untested = undefined;
        if (report !== undefined) return { ...report, engine: graph.engine };
        graph.dispose();
        graph = loadStockGraph(fallback);
      }
      return { ...test(), engine: graph.engine };
    },
  };
}

/** The report of kernels that agree with stock tfjs. */
function passed(test: () => GoldenReport): GoldenReport | undefined {
  try {
    const report = test();
    return report.maxProbabilityDelta <= largestProbabilityDelta ? report : undefined;
  } catch {
    // whatever it was, stock tfjs meets it again where it is not our kernels' fault
    return undefined;
  }
}

/** tfjs would fail at the first request, in the middle of the graph; this fails before anything is allocated. */
function requireBackend(kernels: readonly string[]): WasmBackend {
  const name = tf.getBackend();
  const backend = name === "wasm" ? tf.backend() : undefined;
  if (!(backend instanceof WasmBackend)) {
    throw new AppError(
      "engine_unavailable",
      `tfjs computes on the backend ${name || "(none)"}, models run on wasm; call installWasmBackend first`,
    );
  }
  const missing = kernels.filter((kernel) => tf.getKernel(kernel, name) === undefined);
  if (missing.length > 0) {
    throw new AppError(
      "unsupported_model",
      `the model needs the tfjs kernels ${missing.join(", ")}, which are not registered`,
    );
  }
  return backend;
}
