import { openBundle } from "../../../shared/inference/bundle.ts";
import type { GraphMemory } from "../../../shared/inference/graph-check.ts";
import type { HandMadeBundle } from "../../fixtures/hand-made-bundle.ts";

/** What a model takes of the memory, by the estimate that the Worker goes by. */
export async function memoryOf({ files }: HandMadeBundle): Promise<GraphMemory> {
  const read = (path: string): Uint8Array => files.get(path) ?? new Uint8Array();
  const bundle = await openBundle({
    manifest: read("manifest.json"),
    readFile: (path) => Promise.resolve(read(path)),
  });
  return bundle.graph.memory;
}
