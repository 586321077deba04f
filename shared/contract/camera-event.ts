import * as z from "zod/mini";
import { cameraIdSchema, siteSchema } from "./camera.ts";
import { timestampSchema } from "./names.ts";

const eventBase = {
  /** The same however often it is delivered. */
  id: z.uuid(),
  /** Position among the events of its site, rising. */
  sequence: z.int(),
  camera: cameraIdSchema,
  site: siteSchema,
  at: timestampSchema,
} as const;

/** A change that a camera saw, or of the camera itself. It is the body of a webhook, too. */
export const cameraEventSchema = z.discriminatedUnion("type", [
  z.strictObject({
    ...eventBase,
    type: z.literal("camera.state"),
    label: z.string(),
    /** Mean of the frames that made the state, 0-1. */
    probability: z.number(),
    previous: z.string(),
    previousSince: timestampSchema,
    /** A link to the frame, which stops working when the frame is deleted; `null` where none is kept. */
    snapshot: z.nullable(z.url()),
  }),
  z.strictObject({
    ...eventBase,
    type: z.literal("camera.health"),
    fault: z.enum(["offline", "frozen", "black", "blurred", "tampered"]),
    /** Whether it began, or is over. */
    active: z.boolean(),
  }),
]);

/** A change that a camera saw, or of the camera itself. */
export type CameraEvent = z.infer<typeof cameraEventSchema>;
