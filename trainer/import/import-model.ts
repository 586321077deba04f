import { AppError } from "../../shared/contract/errors.ts";
import { codecSha256 } from "../../shared/image/codec-digest.ts";
import type { ImageCodec, PixelSpec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";
import { openBundle } from "../../shared/inference/bundle.ts";
import { createClassifier } from "../../shared/inference/classifier.ts";
import { assembleBundle, type AssembledBundle, type BundleParts, bundleSource } from "../release/assemble.ts";
import { drawGoldenImages } from "../release/golden-images.ts";
import { writeModelFiles } from "../release/model-files.ts";
import type { Provenance } from "../release/provenance.ts";
import { measureGolden, withBundle } from "../release/verify.ts";
import { convertModel, type ModelSource } from "./convert-model.ts";
import type { ConvertedModel } from "./convert-tflite.ts";
import { readLabelFile } from "./label-file.ts";

/** A model that was trained elsewhere, and what is said of it. */
export interface ImportRequest extends ModelSource {
  /** How images are cut to the model's size; {@link importedView} unless told. */
  readonly view?: ImportedView;
  /** Whether a quantised net is computed in floats here, too, as other tfjs clients do. @default false */
  readonly inFloats?: boolean;
  /** Of a text file, one label a line. */
  readonly labelFile: Uint8Array;
  readonly model: string;
  readonly licence: string;
  readonly provenance: Provenance;
  readonly codec: ImageCodec;
  readonly encodeJpeg: JpegEncoder;
  readonly now: () => Date;
}

/** An imported model, ready for `publishVersion`. */
export interface ImportedBundle extends AssembledBundle<null> {
  /** Labels that had to be renamed to be told apart. */
  readonly renamedLabels: readonly string[];
  /** Bytes of the weights as stored. */
  readonly weightBytes: number;
}

/**
 * The centre that nets of ImageNet's family were evaluated on, and the 2-tap resize they were trained with: an
 * antialiased one costs them 1 to 5 points of top-1, squashing the picture 3 to 4.
 */
export const importedView: ImportedView = { fit: "cover-crop", cropFraction: 0.875 };

/** What an image loses on its way to the model's size. */
export type ImportedView = Pick<PixelSpec, "fit" | "cropFraction">;

/** How they reach that size. */
export const importedPixels: Pick<PixelSpec, "filter" | "background" | "denoise"> = {
  filter: "bilinear",
  background: [0, 0, 0],
  denoise: "none",
};

/**
 * Makes a bundle of a TensorFlow Lite or TensorFlow.js classifier, float or quantised, and has it pass its golden vectors.
 * Nothing is evaluated, so its manifest has no metrics. tfjs must compute on the WASM backend.
 * @throws invalid_argument for a file that is damaged or labels that do not fit, unsupported_model naming what is not
 *   run, budget_exceeded when a Worker cannot hold it
 */
export async function importModel(request: ImportRequest): Promise<ImportedBundle> {
  const { format, converted: whole } = await convertModel(request);
  const converted = request.inFloats === true ? withoutGrids(whole) : whole;
  const { labels, renamed } = readLabelFile(request.labelFile, converted.classes);
  const model = writeModelFiles(converted.graph, () => "none");
  const kernels = converted.graph.weights.filter((weight) => weight.role === "kernel");
  const storages = new Set(
    kernels.map(({ stored }) =>
      stored?.scales === undefined ? (stored?.storage ?? "none") : `${stored.storage}-per-channel`,
    ),
  );
  const draft: BundleParts<null> = {
    description: {
      model: request.model,
      labels,
      input: { ...converted.input, ...(request.view ?? importedView), ...importedPixels, codecSha256 },
      architecture: { name: format, layers: kernels.length },
      licence: request.licence,
      intendedUse: "whatever it was made for; it was trained elsewhere, see its licence and origin",
    },
    provenance: request.provenance,
    createdAt: request.now(),
    candidate: { scheme: [...storages].toSorted().toReversed().join("+"), graph: converted.graph, model },
    // Nothing was set aside to choose better ones by.
    calibration: { temperature: 1, thresholds: labels.map(() => 0) },
    unknown: { rule: "none" },
    metrics: null,
    golden: { tolerance: 1, vectors: [{ name: "draft", image: "AA==", logits: labels.map(() => 0) }] },
  };
  const golden = await runDraft(await assembleBundle(draft), converted, request);
  const bundle = await assembleBundle({ ...draft, golden });
  await withBundle(bundle, request.codec, (classifier) => classifier.selfTest());
  return { ...bundle, renamedLabels: renamed, weightBytes: model.weightBytes };
}

function withoutGrids(converted: ConvertedModel): ConvertedModel {
  const { activationGrids: _, ...graph } = converted.graph;
  return { ...converted, graph };
}

/** Loads the bundle as the Worker does, compares its shapes with the file's and measures its golden vectors. */
async function runDraft(
  draft: AssembledBundle<null>,
  { shapes }: ConvertedModel,
  { codec, encodeJpeg, provenance }: ImportRequest,
): Promise<BundleParts<null>["golden"]> {
  const bundle = await openBundle(bundleSource(draft));
  for (const [node, shape] of shapes) {
    const computed = bundle.graph.shapes.get(node) ?? [];
    if (computed.join() !== shape.join()) {
      throw new AppError(
        "invalid_argument",
        `${node} gives [${computed.join(", ")}], the file says [${shape.join(", ")}]; export the model again, for a ` +
          "batch of one",
      );
    }
  }
  const classifier = createClassifier(bundle, codec, "stock");
  try {
    const golden = measureGolden(classifier, codec, drawGoldenImages(provenance.seed, encodeJpeg));
    if (golden.vectors.every(({ logits }) => logits.every(Number.isFinite))) return golden;
  } finally {
    classifier.dispose();
  }
  throw new AppError(
    "invalid_argument",
    "the model gives logits that are not finite for drawn images; its weights or scales are damaged, copy it again",
  );
}
