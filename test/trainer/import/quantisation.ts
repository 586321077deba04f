// Every imported model stored in every way, on the same photos, and what the budget of a release says of each, against
// floats. A model is published as imported: in integers it names now and then another class than in floats, but the one
// that TensorFlow Lite names (npm run test:import); it must not have fewer right.
// usage: npm run test:quantisation -- [--json]     (needs ../shared/data)
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { normalize } from "../../../shared/image/normalize.ts";
import { softmax } from "../../../shared/inference/softmax.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { topClass } from "../../../trainer/evaluation/probability-quality.ts";
import { computeMetrics } from "../../../trainer/evaluation/metrics.ts";
import {
  type ImportedBundle,
  importModel,
  type ImportRequest,
} from "../../../trainer/import/import-model.ts";
import { convertTflite } from "../../../trainer/import/convert-tflite.ts";
import { convertTfjs } from "../../../trainer/import/tfjs/convert-tfjs.ts";
import { readTfliteFile } from "../../../trainer/import/tflite-file.ts";
import { assembleBundle } from "../../../trainer/release/assemble.ts";
import {
  defaultBudget,
  findShortfalls,
  measureParity,
  type Outputs,
} from "../../../trainer/release/budget.ts";
import type { Graph, GraphWeight } from "../../../trainer/release/graph-model.ts";
import { writeModelFiles } from "../../../trainer/release/model-files.ts";
import { withBundle } from "../../../trainer/release/verify.ts";
import { percent, sizeText, table } from "../../../trainer/terminal/table.ts";
import { importRequest } from "./import-tiny.ts";
import { hasPublicData, isLabelOf, type Photo, publicData, readAntsAndBees, readPhotos } from "./photos.ts";

/** Files below `models`; of the last, which knows other classes, only agreement is told. */
const models = [
  "mobilenet_v1_0.25_128_quant.tflite",
  "mobilenet_v1_0.5_160_quant.tflite",
  "mobilenet_v2_1.0_224_quant.tflite",
  "tf2_mobilenet_v2_1.0_224_ptq.tflite",
  "nsfw_mobilenet_v2/model.json",
] as const;

const schemes = ["float", "as imported", "imported, in floats", "uint8", "mixed", "float16"] as const;
type Scheme = (typeof schemes)[number];

interface Row {
  readonly model: string;
  readonly scheme: Scheme;
  readonly weightBytes: number;
  /** `null` for classes that the photos are not of. */
  readonly top1Accuracy: number | null;
  /** With the float model. */
  readonly agreement: number;
  readonly shortfalls: readonly string[];
}

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
if (!hasPublicData) process.stderr.write(`skipped: the photos and models of ${publicData} are not there\n`);
else await compareAll();

async function compareAll(): Promise<void> {
  await openInference();
  const photos = [...(await readPhotos()), ...(await readAntsAndBees())];
  const rows: Row[] = [];
  for (const model of models) rows.push(...(await compareSchemes(model, photos)));
  process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : `${describe(rows)}\n`);
  const lost = rows.filter(
    ({ scheme, shortfalls }) =>
      scheme === "as imported" && shortfalls.some((what) => what.startsWith("top-1")),
  );
  process.exitCode = lost.length === 0 ? 0 : 1;
}

async function compareSchemes(model: string, photos: readonly Photo[]): Promise<Row[]> {
  const request = await requestOf(model);
  const imported = await importModel(request);
  const { graph } =
    request.file[0] === 0x7b
      ? await convertTfjs(request.file, request.readFile, request.assumptions)
      : convertTflite(readTfliteFile(request.file));
  const outputs = new Map<Scheme, Outputs & { readonly weightBytes: number }>();
  for (const scheme of schemes) outputs.set(scheme, await runScheme(scheme, imported, graph, photos));
  const float = outputs.get("float") as Outputs;
  const { labels } = imported.manifest;
  const isNamed = model.endsWith(".tflite");
  const truth = photos.map((photo, i) =>
    isNamed
      ? labels.findIndex((label) => isLabelOf(photo, label))
      : topClass(float.probabilities, i * labels.length, labels.length),
  );
  const before = computeMetrics(float.probabilities, truth, labels);
  return [...outputs].map(([scheme, got]) => {
    const metrics = computeMetrics(got.probabilities, truth, labels);
    const parity = measureParity(float, got, labels.length);
    return {
      model,
      scheme,
      weightBytes: got.weightBytes,
      top1Accuracy: isNamed ? metrics.top1Accuracy : null,
      agreement: parity.top1Agreement,
      shortfalls: findShortfalls(before, metrics, parity, defaultBudget),
    };
  });
}

async function requestOf(model: string): Promise<ImportRequest> {
  const path = join(publicData, "models", model);
  const file = new Uint8Array(await readFile(path));
  if (model.endsWith(".tflite")) {
    return importRequest(file, await readFile(join(publicData, "models", "imagenet_labels.txt"), "utf8"));
  }
  return {
    ...importRequest(file, "drawing\nhentai\nneutral\nporn\nsexy\n"),
    readFile: async (name) => new Uint8Array(await readFile(join(dirname(path), name))),
    assumptions: { pixels: "0..1", size: null },
  };
}

/** What a model gives when its weights are stored in one way. */
async function runScheme(
  scheme: Scheme,
  imported: ImportedBundle,
  graph: Graph,
  photos: readonly Photo[],
): Promise<Outputs & { readonly weightBytes: number }> {
  const { activationGrids, ...floats } = graph;
  const isImported = scheme === "as imported" || scheme === "imported, in floats";
  const weights = isImported ? graph.weights : graph.weights.map(withoutCodes);
  const stored = scheme === "as imported" && activationGrids ? graph : { ...floats, weights };
  const model = writeModelFiles(stored, storageOf(scheme, graph));
  const { manifest } = imported;
  const { labels, input, architecture, licence, intendedUse } = manifest;
  const bundle = await assembleBundle({
    description: { model: manifest.model, labels, input, architecture, licence, intendedUse },
    provenance: manifest.provenance,
    createdAt: new Date(0),
    candidate: { scheme, graph: stored, model },
    calibration: { temperature: 1, thresholds: labels.map(() => 0) },
    unknown: { rule: "none" },
    metrics: null,
    golden: manifest.golden,
  });
  const codec = loadCodec();
  const logits = await withBundle(bundle, codec, (classifier) =>
    photos.flatMap(({ bytes }) => {
      const { image } = codec.decode(bytes, input);
      return [classifier.infer(normalize(image, input)).logits];
    }),
  );
  return {
    weightBytes: model.weightBytes,
    logits: concatenate(logits),
    probabilities: concatenate(logits.map((row) => softmax(row, 1))),
  };
}

function withoutCodes(weight: GraphWeight): GraphWeight {
  const { stored: _, ...rest } = weight;
  return rest;
}

/** As a release stores what it trained: `mixed` keeps in float16 the depthwise, the first and the dense weights. */
function storageOf(scheme: Scheme, { nodes, weights }: Graph) {
  const first = weights.find(({ role }) => role === "kernel")?.name;
  const convolved = new Set(nodes.filter(({ op }) => op === "_FusedConv2D").map(({ input }) => input?.[1]));
  return ({ name, role }: GraphWeight) => {
    if (role !== "kernel" || scheme === "float") return "none";
    if (scheme === "float16" || scheme === "uint8") return scheme;
    return convolved.has(name) && name !== first ? "uint8" : "float16";
  };
}

function concatenate(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * size);
  for (const [index, row] of rows.entries()) all.set(row, index * size);
  return all;
}

function describe(rows: readonly Row[]): string {
  return table([
    ["model", "stored", "weights", "top-1", "as float", "within the budget"],
    ...rows.map((row) => [
      row.model,
      row.scheme,
      sizeText(row.weightBytes),
      row.top1Accuracy === null ? "" : percent(row.top1Accuracy),
      percent(row.agreement),
      row.shortfalls.length === 0 ? "yes" : `no: ${row.shortfalls.slice(0, 2).join("; ")}`,
    ]),
  ]).join("\n");
}
