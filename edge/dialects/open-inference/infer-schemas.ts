import * as z from "zod/mini";
import { nameSchema, versionSchema } from "../../../shared/contract/names.ts";

// The objects of the Open Inference Protocol (KServe "Data Plane v2") with its binary tensor data extension; Triton's
// extension `classification` among the parameters of an output. Keys that we do not use are passed over, as it asks.

const parametersSchema = z.optional(z.record(z.string(), z.unknown()));
const shapeSchema = z.array(z.int().check(z.gte(0)));

/** Datatypes that leave or enter. */
export const datatypes = ["BYTES", "FP32", "INT32", "BOOL"] as const;

/** An input or output as the metadata of a model has it; -1 is the batch. */
export const tensorMetadataSchema = z.strictObject({
  name: z.string(),
  datatype: z.enum(datatypes),
  shape: z.array(z.int()),
});

/** The answer of `GET /v2/models/{model}`. */
export const modelMetadataSchema = z.strictObject({
  name: nameSchema,
  versions: z.array(versionSchema),
  platform: z.string(),
  inputs: z.array(tensorMetadataSchema),
  outputs: z.array(tensorMetadataSchema),
});

/** The answer of `GET /v2/models/{model}`. */
export type ModelMetadata = z.infer<typeof modelMetadataSchema>;

/** The answer of `GET /v2`. */
export const serverMetadataSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  extensions: z.array(z.string()),
});

/** A tensor of a request. */
export const requestInputSchema = z.object({
  name: z.string(),
  shape: shapeSchema,
  datatype: z.string(),
  parameters: parametersSchema,
  /** Flat or nested, row by row; absent where it follows the JSON as binary. */
  data: z.optional(z.array(z.unknown())),
});

/** A tensor of a request. */
export type RequestInput = z.infer<typeof requestInputSchema>;

/** An output that a request asks for. */
export const requestedOutputSchema = z.object({ name: z.string(), parameters: parametersSchema });

/** An output that a request asks for. */
export type RequestedOutput = z.infer<typeof requestedOutputSchema>;

/** The JSON of `POST /v2/models/{model}/infer`. */
export const inferRequestSchema = z.object({
  id: z.optional(z.string().check(z.maxLength(200))),
  parameters: parametersSchema,
  inputs: z.array(requestInputSchema).check(z.minLength(1), z.maxLength(8)),
  outputs: z.optional(z.array(requestedOutputSchema).check(z.maxLength(16))),
});

/** The JSON of `POST /v2/models/{model}/infer`. */
export type InferRequest = z.infer<typeof inferRequestSchema>;

/** The JSON that answers it. */
export const inferAnswerSchema = z.strictObject({
  model_name: nameSchema,
  model_version: versionSchema,
  id: z.string(),
  outputs: z.array(
    z.strictObject({
      name: z.string(),
      shape: shapeSchema,
      datatype: z.enum(datatypes),
      /** Where the tensor follows the JSON as binary: its bytes. */
      parameters: z.optional(z.strictObject({ binary_data_size: z.int() })),
      data: z.optional(z.array(z.union([z.string(), z.number(), z.boolean()]))),
    }),
  ),
});

/** The JSON that answers it. */
export type InferAnswer = z.infer<typeof inferAnswerSchema>;

/** A failure. */
export const inferErrorSchema = z.strictObject({ error: z.string() });
