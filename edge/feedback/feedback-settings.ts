import * as z from "zod/mini";
import { parseWith } from "../../shared/contract/parse.ts";

/** What the vars of `wrangler.jsonc` say of feedback. */
export interface FeedbackSettings {
  /** Whether `POST /feedback` is there. */
  readonly isOn: boolean;
  /** Shares of the images that are kept, 0..1, by why. */
  readonly sampling: Readonly<Record<"uncertain" | "unknown" | "disagreement", number>>;
  /** Most images that are kept of one API key in a UTC day. */
  readonly dailyCap: number;
  /** Milliseconds until what was not accepted is deleted. */
  readonly keptMs: number;
}

const rateSchema = z.pipe(
  z.string().check(z.regex(/^(?:0|1|0?\.\d{1,6})$/, "must be a share from 0 to 1")),
  z.transform((text) => Number(text)),
);

/** A whole number as text. */
function wholeSchema(least: number, most: number) {
  return z.pipe(
    z.string().check(z.regex(/^\d{1,6}$/, `must be ${least} to ${most}`)),
    z.pipe(z.transform(Number), z.number().check(z.gte(least), z.lte(most))),
  );
}

const varsSchema = z.object({
  FEEDBACK: z.enum(["true", "false"]),
  SAMPLE_UNCERTAIN: rateSchema,
  SAMPLE_UNKNOWN: rateSchema,
  SAMPLE_DISAGREEMENT: rateSchema,
  FEEDBACK_DAILY_CAP: wholeSchema(1, 100_000),
  FEEDBACK_DAYS: wholeSchema(1, 3650),
});

/** Feedback as it is unless switched on: nothing comes in, nothing is kept. */
export const feedbackOff: FeedbackSettings = {
  isOn: false,
  sampling: { uncertain: 0, unknown: 0, disagreement: 0 },
  dailyCap: 1,
  keptMs: 86_400_000,
};

/** Reads the vars about feedback. @throws invalid_argument naming the var that is wrong */
export function parseFeedbackSettings(vars: unknown): FeedbackSettings {
  const parsed = parseWith(varsSchema, vars, "the vars of the Worker");
  return {
    isOn: parsed.FEEDBACK === "true",
    sampling: {
      uncertain: parsed.SAMPLE_UNCERTAIN,
      unknown: parsed.SAMPLE_UNKNOWN,
      disagreement: parsed.SAMPLE_DISAGREEMENT,
    },
    dailyCap: parsed.FEEDBACK_DAILY_CAP,
    keptMs: parsed.FEEDBACK_DAYS * 86_400_000,
  };
}
