import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { assembleBundle, type AssembledBundle } from "./assemble.ts";
import type { Graph } from "./graph-model.ts";
import { writeModelFiles } from "./model-files.ts";

/**
 * A bundle around a graph that is only to be run here, by the loader that serves; what its manifest says of its origin
 * and its classes stands in for facts that nobody reads.
 */
export async function standInBundle(graph: Graph, input: InputSpec): Promise<AssembledBundle<null>> {
  const classes =
    graph.weights.find(({ name }) => name === `${graph.outputs.logits}/bias`)?.values.length ?? 0;
  const labels = Array.from({ length: classes }, (_, index) => `class ${index}`);
  return assembleBundle({
    description: {
      model: "stand-in",
      labels,
      input,
      architecture: { name: "stand-in" },
      licence: "none",
      intendedUse: "none",
    },
    provenance: {
      runId: "none",
      startedAt: new Date(0).toISOString(),
      dataset: null,
      datasetVersion: null,
      datasetDigest: null,
      configDigest: "0".repeat(64),
      seed: 0,
      engine: "none",
      packages: {},
      gitCommit: null,
    },
    createdAt: new Date(0),
    candidate: { scheme: "none", graph, model: writeModelFiles(graph, () => "none") },
    calibration: { temperature: 1, thresholds: labels.map(() => 0) },
    unknown: { rule: "none" },
    metrics: null,
    golden: { tolerance: 1, vectors: [{ name: "none", image: "AA==", logits: labels.map(() => 0) }] },
  });
}
