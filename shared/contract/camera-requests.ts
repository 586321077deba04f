import * as z from "zod/mini";
import { cameraIdSchema } from "./camera.ts";

/** Body that makes a camera. */
export const newCameraSchema = z.strictObject({
  id: cameraIdSchema,
  config: z.optional(z.record(z.string(), z.unknown())),
});

/** Body that gives a camera a new token. */
export const rotationSchema = z.strictObject({
  /** How long the tokens before still work; 0 when one leaked. An hour unless told. */
  overlapSeconds: z.optional(z.number().check(z.gte(0), z.lte(30 * 86_400))),
});

/** Body that adds a webhook to a site. */
export const newWebhookSchema = z.strictObject({
  url: z.string().check(z.maxLength(2000)),
  /** Only events of these; of all of the site unless told. */
  cameras: z.optional(z.array(cameraIdSchema).check(z.minLength(1), z.maxLength(100))),
});
