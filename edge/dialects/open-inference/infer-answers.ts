import * as z from "zod/mini";
import { nameSchema, versionSchema } from "../../../shared/contract/names.ts";

// What the Open Inference Protocol answers; see infer-request.ts.

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
