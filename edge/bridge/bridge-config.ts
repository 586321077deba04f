import * as z from "zod/mini";
import { _default as byDefault } from "zod/mini";
import { cameraIdSchema } from "../../shared/contract/camera.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";

const seconds = z.number().check(z.gte(0.05), z.lte(86_400));
const address = z.url({ protocol: /^https?$/ });
const login = {
  user: z.optional(z.string()),
  password: z.optional(z.string()),
} as const;

/** Where frames come from. */
export const sourceSchema = z.discriminatedUnion("kind", [
  /** An address that answers one image; Basic or Digest, as the camera asks. */
  z.strictObject({
    kind: z.literal("snapshot"),
    url: address,
    everySeconds: byDefault(seconds, 1),
    ...login,
  }),
  /** An address that never stops answering images. */
  z.strictObject({ kind: z.literal("mjpeg"), url: address, ...login }),
  /** The latest frame of a camera that Frigate watches. */
  z.strictObject({
    kind: z.literal("frigate"),
    url: address,
    camera: z.string(),
    everySeconds: byDefault(seconds, 1),
    ...login,
  }),
  /** A folder that a camera puts files into, by FTP for instance. */
  z.strictObject({
    kind: z.literal("folder"),
    path: z.string(),
    everySeconds: byDefault(seconds, 1),
    /** Whether files are deleted once they were taken. */
    delete: byDefault(z.boolean(), false),
  }),
]);

/** Where frames come from. */
export type SourceConfig = z.infer<typeof sourceSchema>;

/** When a frame is worth sending. `null` sends every one. */
const motionSchema = z.nullable(
  z.strictObject({
    /** Bits of 64 in which the perceptual hashes may differ. */
    bits: byDefault(z.int().check(z.gte(0), z.lte(16)), 3),
    /** Levels of 255 by which a cell of the brightness grid may differ. */
    levels: byDefault(z.number().check(z.gte(0), z.lte(64)), 6),
    /** Frames that follow a change whatever they show, so that a vote can be won. */
    settleFrames: byDefault(z.int().check(z.gte(0), z.lte(60)), 6),
    /** Without a change a frame is sent this often, so that the camera is known to live. */
    aliveSeconds: byDefault(seconds, 15),
  }),
);

/** When a frame is worth sending. */
export type MotionConfig = NonNullable<z.infer<typeof motionSchema>>;

const cameraSchema = z.strictObject({
  camera: cameraIdSchema,
  token: z.string().check(z.minLength(8), z.maxLength(200)),
  source: sourceSchema,
  motion: byDefault(motionSchema, { bits: 3, levels: 6, settleFrames: 6, aliveSeconds: 15 }),
});

/** One camera that the bridge brings to the Worker. */
export type BridgedCamera = z.infer<typeof cameraSchema>;

const bridgeSchema = z.strictObject({
  /** Where the Worker answers. */
  url: address,
  cameras: z.array(cameraSchema).check(z.minLength(1), z.maxLength(100)),
});

/** What a bridge does. */
export type BridgeConfig = z.infer<typeof bridgeSchema>;

/**
 * Reads the configuration. `${NAME}` in a text stands for a variable of the environment, so that the file holds no secret.
 * @throws {AppError} invalid_argument
 */
export function parseBridgeConfig(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): BridgeConfig {
  const filled = text.replaceAll(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined) {
      throw new AppError(
        "invalid_argument",
        `the configuration names \${${name}}, which the environment does not have`,
      );
    }
    return JSON.stringify(value).slice(1, -1);
  });
  return parseJsonWith(bridgeSchema, filled, "the configuration of the bridge");
}
