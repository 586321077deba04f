import { AppError } from "../contract/errors.ts";
import type { ModelManifest } from "../contract/manifest.ts";
import type { CheckedGraph } from "./graph-check.ts";

/**
 * Checks that a graph takes and gives what its manifest says.
 * @throws {AppError} unsupported_model naming the output or input that differs
 */
export function checkAgainstManifest(graph: CheckedGraph, manifest: ModelManifest): void {
  const { input, outputs, labels } = manifest;
  requireShape("the input", graph.inputShape, [1, input.height, input.width, 3]);
  requireShape("output logits", graph.shapes.get(outputs.logits), [1, labels.length]);
  if (outputs.embedding !== undefined) {
    const { node, size } = outputs.embedding;
    requireShape("output embedding", graph.shapes.get(node), [1, size]);
  }
  if (outputs.featureMap !== undefined) {
    const { node, height, width, channels } = outputs.featureMap;
    requireShape("output featureMap", graph.shapes.get(node), [1, height, width, channels]);
  }
}

function requireShape(what: string, got: readonly number[] | undefined, wanted: readonly number[]): void {
  if (got !== undefined && got.join() === wanted.join()) return;
  throw new AppError(
    "unsupported_model",
    `${what} of model.json is ${got === undefined ? "no node" : `[${got.join(", ")}]`}, ` +
      `the manifest says [${wanted.join(", ")}]; publish the version again`,
  );
}
