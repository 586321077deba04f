import * as z from "zod/mini";

// What requests of the Open Inference Protocol hold (KServe "Data Plane v2") with its binary tensor data extension; Triton's
// extension `classification` among the parameters of an output. Keys that we do not use are passed over, as it asks.

const parametersSchema = z.optional(z.record(z.string(), z.unknown()));
const shapeSchema = z.array(z.int().check(z.gte(0)));

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
