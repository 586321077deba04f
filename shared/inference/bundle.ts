import { AppError } from "../contract/errors.ts";
import { type BundleFile, manifestSchema, type ModelManifest } from "../contract/manifest.ts";
import { parseJsonWith } from "../contract/parse.ts";
import { codecSha256 } from "../image/codec-digest.ts";
import { sha256Hex } from "../store/sha256.ts";
import { checkAgainstManifest } from "./bundle-check.ts";
import { bundleFile, readAhead, readBundleFile, type BundleSource } from "./bundle-files.ts";
import { checkGraph, type CheckedGraph } from "./graph-check.ts";
import type { ModelJson } from "./graph-model.ts";
import { parseModelJson } from "./parse-model-json.ts";
import { compilePlan } from "./plan/compile.ts";
import { gridsOf } from "./plan/integer-steps.ts";
import { planMemory } from "./plan/plan-memory.ts";
import type { Plan } from "./plan/steps.ts";
import { foldScaledWeights } from "./scaled-weights.ts";
import { checkWeights, integerConstants, readWeights, type Weights } from "./weights.ts";

export type { BundleSource } from "./bundle-files.ts";

/** What is known of a bundle before it is opened. */
export interface BundleExpectation {
  /** SHA-256 of the manifest, as the alias has it. */
  readonly manifestSha256?: string;
  /** Most bytes of WASM memory it may take, by estimate; {@link isolateModelBytes} unless told. */
  readonly memoryBudgetBytes?: number;
}

/** A bundle whose every used byte was checked; nothing of it lies in the WASM memory yet. */
export interface Bundle {
  readonly manifest: ModelManifest;
  readonly manifestSha256: string;
  readonly model: ModelJson;
  /** Its memory is that of the plan, where there is one. */
  readonly graph: CheckedGraph;
  /** What our kernels run; nothing when the graph has operations that only stock tfjs knows. */
  readonly plan?: Plan;
  readonly weights: Weights;
  /** [C, size], for the rule `feature-distance`. */
  readonly classCentres?: Float32Array;
}

/**
 * WASM memory for models in an isolate of 128 MB: 40 are for the decoder at its worst, 22 for bodies, 18 for JavaScript.
 * The trainer holds bundles to it too, so that what it publishes can be loaded.
 */
export const isolateModelBytes = 48 * 1024 * 1024;

/** A larger manifest.json is refused before it is parsed. */
export const largestManifestBytes = 8 * 1024 * 1024;
/** So is a larger model.json. */
export const largestModelJsonBytes = 8 * 1024 * 1024;

/**
 * Opens a published version as the untrusted input it is: schema, digests, sizes, the graph, its memory.
 * Only the files that inference uses are read.
 * @throws {AppError} invalid_manifest, integrity_mismatch (bytes that are not the published ones, or made for
 * another codec), unsupported_model (a graph we do not run), budget_exceeded
 */
export async function openBundle(place: BundleSource, expected: BundleExpectation = {}): Promise<Bundle> {
  const { manifest, manifestSha256 } = await readManifest(place.manifest, expected.manifestSha256);
  const budget = expected.memoryBudgetBytes ?? isolateModelBytes;
  const source = readAhead(place, mainFiles(manifest, budget));
  const modelBytes = await readBundleFile(source, manifest, "model.json", largestModelJsonBytes);
  const stored = parseModelJson(decodeUtf8(modelBytes, "model.json"));
  checkWeights(stored, manifest, budget);
  const { model, weights } = foldScaledWeights(stored, await readWeights(source, manifest, stored));
  const { logits, embedding, featureMap } = manifest.outputs;
  const outputs = [logits, embedding?.node, featureMap?.node].filter((node) => node !== undefined);
  const checked = checkGraph(model, integerConstants(weights), outputs);
  checkAgainstManifest(checked, manifest);
  const plan = compilePlan(model, checked, outputs, gridsOf(manifest, checked.inputNode));
  if (plan === undefined && manifest.activationGrids !== undefined) {
    throw new AppError(
      "unsupported_model",
      "manifest.json has activationGrids that our kernels cannot compute this graph on; publish the version again",
    );
  }
  const graph = plan === undefined ? checked : { ...checked, memory: planMemory(plan, checked.shapes) };
  const needed = graph.memory.residentBytes + graph.memory.activationBytes;
  if (needed > budget) {
    throw new AppError(
      "budget_exceeded",
      `the model would take about ${needed} bytes of memory, ${budget} are allowed; use a smaller size or width`,
    );
  }
  const classCentres = await readClassCentres(source, manifest);
  return {
    manifest,
    manifestSha256,
    model,
    graph,
    ...(plan === undefined ? {} : { plan }),
    weights,
    ...(classCentres === undefined ? {} : { classCentres }),
  };
}

/** The graph and its weights, as far as sizes are what they may be. */
function mainFiles({ files }: ModelManifest, budget: number): readonly BundleFile[] {
  const graph = files.filter(({ path, bytes }) => path === "model.json" && bytes <= largestModelJsonBytes);
  const weights = files.filter(({ path }) => path.endsWith(".bin"));
  const fits = weights.reduce((sum, { bytes }) => sum + bytes, 0) <= budget;
  return fits ? [...graph, ...weights] : graph;
}

async function readManifest(
  bytes: Uint8Array,
  expectedSha256: string | undefined,
): Promise<{ manifest: ModelManifest; manifestSha256: string }> {
  if (bytes.length > largestManifestBytes) {
    throw new AppError(
      "invalid_manifest",
      `manifest.json has ${bytes.length} bytes, ${largestManifestBytes} are allowed`,
    );
  }
  const manifestSha256 = await sha256Hex(bytes);
  if (expectedSha256 !== undefined && expectedSha256 !== manifestSha256) {
    throw new AppError(
      "integrity_mismatch",
      `manifest.json has sha256 ${manifestSha256}, ${expectedSha256} was promoted; publish the version again`,
    );
  }
  const text = decodeUtf8(bytes, "manifest.json");
  const manifest = parseJsonWith(manifestSchema, text, "manifest.json", "invalid_manifest");
  if (manifest.input.codecSha256 !== codecSha256) {
    throw new AppError(
      "unsupported_model",
      `the model was trained on images of codec ${manifest.input.codecSha256}, this is codec ${codecSha256}; ` +
        "run the trainer again, or the release of edgewise that trained it",
    );
  }
  return { manifest, manifestSha256 };
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new AppError("invalid_manifest", `${what} is not UTF-8 text; publish the version again`, { cause });
  }
}

/** The file of the rule `feature-distance`: float32, little-endian, `[C, size]`. */
async function readClassCentres(
  source: BundleSource,
  manifest: ModelManifest,
): Promise<Float32Array | undefined> {
  if (manifest.unknown.rule !== "feature-distance") return undefined;
  const path = manifest.unknown.file;
  const { bytes: sizeBytes } = bundleFile(manifest, path);
  const wanted = 4 * manifest.labels.length * (manifest.outputs.embedding?.size ?? 0);
  if (wanted === 0 || sizeBytes !== wanted) {
    throw new AppError(
      "unsupported_model",
      `${path} has ${sizeBytes} bytes, class centres of this model take ${wanted} (float32 [classes, embedding])`,
    );
  }
  const bytes = await readBundleFile(source, manifest, path, wanted);
  return new Float32Array(bytes.slice().buffer);
}
