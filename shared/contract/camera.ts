import * as z from "zod/mini";
import { _default as byDefault } from "zod/mini";
import { nameSchema } from "./names.ts";

/** A camera, `gate` or `yard.gate`: what stands before the dot is its site, `default` where there is no dot. */
export const cameraIdSchema = z
  .string()
  .check(
    z.regex(
      /^[a-z0-9][a-z0-9_-]{0,23}(?:\.[a-z0-9][a-z0-9_-]{0,23})?$/,
      "must be a name of 1 to 24 of a-z 0-9 _ -, or site.name of two such",
    ),
  );

/** A site: the cameras that one object remembers. */
export const siteSchema = z
  .string()
  .check(z.regex(/^[a-z0-9][a-z0-9_-]{0,23}$/, "must be 1 to 24 of a-z 0-9 _ -"));

/** The site of a camera. */
export function siteOf(cameraId: string): string {
  const dot = cameraId.indexOf(".");
  return dot < 0 ? "default" : cameraId.slice(0, dot);
}

const fraction = z.number().check(z.gte(0), z.lte(1));

/** A part of the frame, each number a fraction of the frame's side. */
export const regionSchema = z
  .strictObject({
    left: fraction,
    top: fraction,
    width: z.number().check(z.gte(0.05), z.lte(1)),
    height: z.number().check(z.gte(0.05), z.lte(1)),
  })
  .check(
    z.refine(
      // a little slack: thirds and tenths do not add up exactly
      ({ left, top, width, height }) => left + width <= 1.000_001 && top + height <= 1.000_001,
      "must lie within the frame",
    ),
  );

/** A part of the frame, each number a fraction of the frame's side. */
export type Region = z.infer<typeof regionSchema>;

const clockTime = z.string().check(z.regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "must look like 07:30"));

/** When a camera is looked at; outside, its frames are passed over. */
export const scheduleSchema = z.strictObject({
  /** IANA name, e.g. `Europe/Berlin`. */
  timeZone: z.string().check(z.refine(isTimeZone, "must be a time zone such as Europe/Berlin")),
  /** At least one must hold. Times are local; `to` before `from` ends on the next day. */
  windows: z
    .array(
      z.strictObject({
        /** 1 Monday to 7 Sunday. */
        days: z.array(z.int().check(z.gte(1), z.lte(7))).check(z.minLength(1), z.maxLength(7)),
        from: clockTime,
        to: clockTime,
      }),
    )
    .check(z.minLength(1), z.maxLength(20)),
});

/** When a camera is looked at. */
export type Schedule = z.infer<typeof scheduleSchema>;

/** Labels of the model to states of the camera; `null` for what does not matter. Others keep their name. */
const labelMapSchema = z.record(
  z.string().check(z.minLength(1), z.maxLength(200)),
  z.nullable(z.string().check(z.minLength(1), z.maxLength(60))),
);

/** How the frames of one camera become states and events. Every field has a default. */
export const cameraConfigSchema = z.strictObject({
  /** The Worker's own unless told. */
  model: byDefault(z.nullable(nameSchema), null),
  /** The Worker's own unless told, `champion` for another model. */
  alias: byDefault(z.nullable(nameSchema), null),
  /** The part of the frame that is classified; all of it unless told. */
  region: byDefault(z.nullable(regionSchema), null),
  labels: byDefault(labelMapSchema, {}),
  /** A new state needs `k` of the last `n` frames, and more than the old one has. */
  vote: byDefault(
    z
      .strictObject({ k: z.int().check(z.gte(1), z.lte(60)), n: z.int().check(z.gte(1), z.lte(60)) })
      .check(z.refine(({ k, n }) => k <= n, "k must be at most n")),
    { k: 3, n: 5 },
  ),
  /** A frame below it votes for nothing. */
  minProbability: byDefault(fraction, 0.6),
  /** The state that is has a vote down to `minProbability` less this. */
  hysteresis: byDefault(fraction, 0.15),
  /**
   * Nats that frames together must speak for a new state against the old one, for each of the `k` votes; half a nat is
   * taken off each frame. Of three votes, three frames that are sure by 0.99 have it, five by 0.95, six by 0.9.
   * 0 for the votes alone.
   */
  evidencePerVote: byDefault(z.number().check(z.gte(0), z.lte(20)), 3.3),
  /** After an event, this long no other. */
  cooldownSeconds: byDefault(z.number().check(z.gte(0), z.lte(86_400)), 0),
  schedule: byDefault(z.nullable(scheduleSchema), null),
  /** At most one frame in this many seconds is classified; 0 for all. */
  sampleSeconds: byDefault(z.number().check(z.gte(0), z.lte(3600)), 0),
  /** `null` classifies every frame. */
  dedup: byDefault(
    z.nullable(
      z.strictObject({
        /** Bits of 64 in which the perceptual hashes may differ. */
        bits: z.int().check(z.gte(0), z.lte(16)),
        /** Levels of 255 by which a cell of the brightness grid may differ. */
        levels: z.number().check(z.gte(0), z.lte(64)),
        /** A classification is used again for this long. */
        reuseSeconds: z.number().check(z.gte(1), z.lte(3600)),
      }),
    ),
    { bits: 3, levels: 6, reuseSeconds: 30 },
  ),
  /** Frames a second that are taken, and how many at once. */
  rate: byDefault(
    z.strictObject({
      perSecond: z.number().check(z.gt(0), z.lte(1000)),
      burst: z.int().check(z.gte(1), z.lte(1000)),
    }),
    { perSecond: 5, burst: 20 },
  ),
  /** Frames of one burst that are classified, the newest; the others are passed over. */
  burstFrames: byDefault(z.int().check(z.gte(1), z.lte(16)), 4),
  /** Which clock decisions go by: the server's, or the camera's own (recordings, a bridge with a good clock). */
  clock: byDefault(z.enum(["server", "camera"]), "server"),
  /** A frame that arrives this much later than usual is dropped. */
  lateSeconds: byDefault(z.number().check(z.gte(1), z.lte(3600)), 10),
  /** Without a frame for this long the camera counts as offline. */
  offlineSeconds: byDefault(z.number().check(z.gte(5), z.lte(86_400)), 60),
  /** Whether frames of events are kept; they are not unless told. */
  snapshots: byDefault(
    z.nullable(
      z.strictObject({
        keepHours: z.number().check(z.gt(0), z.lte(24 * 90)),
        /** Makes everything outside the region unrecognisable before it is kept. */
        blurOutside: byDefault(z.boolean(), false),
      }),
    ),
    null,
  ),
});

/** How the frames of one camera become states and events, every default filled in. */
export type CameraConfig = z.infer<typeof cameraConfigSchema>;

/** What may be given to make or change a camera: any part of the configuration. */
export type CameraConfigInput = z.input<typeof cameraConfigSchema>;

/** Any part of the configuration, as {@link cameraConfigSchema} has it. */
export const cameraConfigInputSchema = z.partial(cameraConfigSchema);

function isTimeZone(name: string): boolean {
  try {
    // oxlint-disable-next-line no-new -- the constructor is the check
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
