import * as z from "zod/mini";
import { inputSpecSchema } from "./input-spec.ts";
import { labelSetSchema } from "./labels.ts";
import { nameSchema, sha256Schema, timestampSchema, versionSchema } from "./names.ts";
import { quickArray } from "./quick-array.ts";

const fraction = z.number().check(z.gte(0), z.lte(1));
const count = z.int().check(z.gte(0));

function isFraction(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** A file of a bundle: a plain name in the version's folder, never a path. */
export const bundleFileSchema = z.strictObject({
  path: z.string().check(z.regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/, "must be a plain file name")),
  sha256: sha256Schema,
  bytes: z.int().check(z.gt(0), z.lte(512 * 1024 * 1024)),
});

/** What an evaluation on one split found; `evaluation.json` beside the manifest has the confusions and curves. */
export const metricsSchema = z.strictObject({
  images: count,
  top1Accuracy: fraction,
  macroF1: fraction,
  /** 0-1 over 15 equal-width bins. */
  expectedCalibrationError: fraction,
  /** Nats. */
  negativeLogLikelihood: z.number(),
  /** Multi-class, 0-2. */
  brierScore: z.number(),
  perClass: z.array(
    z.strictObject({ label: z.string(), images: count, precision: fraction, recall: fraction, f1: fraction }),
  ),
});

/** What an evaluation on one split found. */
export type Metrics = z.infer<typeof metricsSchema>;

const releaseMetricsSchema = z.strictObject({
  float: metricsSchema,
  bundle: metricsSchema,
  parity: z.strictObject({
    maxLogitDelta: z.number(),
    maxProbabilityDelta: z.number(),
    top1Agreement: fraction,
  }),
});

/** What a release measured: the float model, the bundle made of it, and how far they are apart. */
export type ReleaseMetrics = z.infer<typeof releaseMetricsSchema>;

const outputsSchema = z.strictObject({
  /** Name of the graph's node that gives `[batch, C]` raw outputs. */
  logits: z.string(),
  /** Node that gives `[batch, size]` pooled features, when the graph has one. */
  embedding: z.optional(z.strictObject({ node: z.string(), size: z.int().check(z.gt(0)) })),
  /** Node that gives `[batch, height, width, channels]` features before pooling, when the graph has one. */
  featureMap: z.optional(
    z.strictObject({
      node: z.string(),
      height: z.int().check(z.gt(0)),
      width: z.int().check(z.gt(0)),
      channels: z.int().check(z.gt(0)),
    }),
  ),
});

const unknownRuleSchema = z.discriminatedUnion("rule", [
  z.strictObject({ rule: z.literal("none") }),
  /** Unknown when the top probability is below `threshold`. */
  z.strictObject({ rule: z.literal("max-probability"), threshold: fraction }),
  /** Unknown when `-T logsumexp(logits / T)` is above `threshold`. */
  z.strictObject({ rule: z.literal("energy"), threshold: z.number() }),
  /**
   * Unknown when the squared distance of the embedding to the nearest class centre is above `threshold`, both scaled to
   * length 1: 0 for the same direction, 2 for a right angle. `file` holds the centres, float32 little-endian `[C, size]`.
   */
  z.strictObject({
    rule: z.literal("feature-distance"),
    threshold: z.number(),
    file: bundleFileSchema.shape.path,
  }),
]);

/** When the answer is "none of these"; see {@link manifestSchema}. */
export type UnknownRule = z.infer<typeof unknownRuleSchema>;

const goldenSchema = z.strictObject({
  /** Largest allowed absolute difference of a logit. */
  tolerance: z.number().check(z.gt(0)),
  vectors: z
    .array(
      z.strictObject({
        name: z.string().check(z.minLength(1), z.maxLength(100)),
        /** The encoded image, base64; drawn from a seed, never a photo of the dataset. */
        image: z.string().check(z.minLength(1), z.maxLength(400_000)),
        /** float32, in the fewest digits that tell it from its neighbours. */
        logits: quickArray(z.array(z.number()), Number.isFinite),
      }),
    )
    .check(z.minLength(1), z.maxLength(16)),
});

const provenanceSchema = z.strictObject({
  runId: z.string(),
  startedAt: timestampSchema,
  /** What it was trained on; `null`, like the next two, for a model that was trained elsewhere. */
  dataset: z.nullable(nameSchema),
  datasetVersion: z.nullable(z.string()),
  datasetDigest: z.nullable(sha256Schema),
  /** The file of a model that was trained elsewhere. */
  importedFrom: z.optional(z.strictObject({ file: z.string().check(z.minLength(1)), sha256: sha256Schema })),
  /** The net trained elsewhere that the model has its features of. */
  backbone: z.optional(z.strictObject({ name: z.string(), sha256: sha256Schema, licence: z.string() })),
  configDigest: sha256Schema,
  seed: z.int(),
  engine: z.string(),
  /** Exact versions of the packages that made the numbers. */
  packages: z.record(z.string(), z.string()),
  /** Commit of the code, `null` outside a git checkout. */
  gitCommit: z.nullable(z.string()),
});

/** Storage type of one weight tensor; dequantised on load. */
export const quantizationSchema = z.enum(["none", "float16", "uint8"]);

/** Storage type of one weight tensor. */
export type Quantization = z.infer<typeof quantizationSchema>;

const gridSchema = z.strictObject({
  scale: z.number().check(z.gt(0)),
  zeroPoint: z.int().check(z.minimum(0), z.maximum(255)),
});

/** Our description of one published model version; the alias pins its SHA-256, it pins that of every other file. */
export const manifestSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    model: nameSchema,
    version: versionSchema,
    createdAt: timestampSchema,
    labels: labelSetSchema,
    input: inputSpecSchema,
    /** How the net was built, e.g. `{ name: "mobilenet-v1", width: 0.25 }`. */
    architecture: z.catchall(z.object({ name: z.string() }), z.union([z.string(), z.number(), z.boolean()])),
    outputs: outputsSchema,
    quantization: z.strictObject({
      /** Name of the candidate that was published, e.g. `uint8`, `uint8+float16`, `float16`. */
      scheme: z.string(),
      /** By weight name. */
      tensors: z.record(z.string(), quantizationSchema),
      /** Bytes of the same weights in float32. */
      floatBytes: count,
    }),
    /**
     * 8-bit grids of what nodes give, by node, from the convolution that reads the image to the one whose mean is the
     * embedding: `value = (code - zeroPoint) * scale`. A model that has them is computed, and was evaluated, in integers.
     */
    activationGrids: z.optional(z.record(z.string(), gridSchema)),
    files: z.array(bundleFileSchema).check(z.minLength(1), z.maxLength(64)),
    /** T > 0; probabilities = softmax(logits / T). */
    temperature: z.number().check(z.gt(0)),
    /** Per class, 0-1: the least probability at which the class counts as recognised. */
    thresholds: quickArray(z.array(fraction), isFraction),
    unknown: unknownRuleSchema,
    /** On the test split, reported once; `null` for a model that was not evaluated here, such as an imported one. */
    metrics: z.nullable(releaseMetricsSchema),
    golden: goldenSchema,
    provenance: provenanceSchema,
    licence: z.string(),
    intendedUse: z.string(),
  })
  .check(
    z.refine((manifest) => manifest.thresholds.length === manifest.labels.length, {
      message: "thresholds must have one entry a label",
    }),
    z.refine(
      (manifest) =>
        manifest.golden.vectors.every((vector) => vector.logits.length === manifest.labels.length),
      {
        message: "golden logits must have one entry a label",
      },
    ),
    z.refine((manifest) => new Set(manifest.files.map((file) => file.path)).size === manifest.files.length, {
      message: "files must be listed once",
    }),
  );

/** Our description of one published model version. */
export type ModelManifest = z.infer<typeof manifestSchema>;

/** The description of a version that was evaluated before it was published. */
export type EvaluatedManifest = ModelManifest & { readonly metrics: ReleaseMetrics };

/** A file of a bundle with its digest and size. */
export type BundleFile = z.infer<typeof bundleFileSchema>;
