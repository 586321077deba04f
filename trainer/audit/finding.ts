import * as z from "zod/mini";

/** What the audit looks for. */
export const auditChecks = [
  "unreadable",
  "exact-duplicate",
  "near-duplicate",
  "label-error",
  "class-balance",
  "tiny",
  "blurred",
  "dark",
  "bright",
  "plain",
  "damaged",
  "colour",
  "orientation",
  "position",
  "source-leak",
  "source-tells-class",
] as const;

/** How much a finding matters: `error` makes an evaluation worthless, `warning` costs accuracy, `note` is to be known. */
export const severities = ["error", "warning", "note"] as const;

/** How much a finding matters. */
export type Severity = (typeof severities)[number];

const findingSchema = z.strictObject({
  check: z.enum(auditChecks),
  severity: z.enum(severities),
  /** What was found and what to do about it. */
  message: z.string(),
  /** The images it is about, the most suspicious first. */
  images: z.array(
    z.strictObject({
      /** Relative to the dataset's root. */
      path: z.string(),
      label: z.nullable(z.string()),
      /** What is odd about this one. */
      note: z.optional(z.string()),
    }),
  ),
});

/** Something that an audit found. */
export type Finding = z.infer<typeof findingSchema>;

/** What an audit of a dataset found, for machines. */
export const auditSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** As it was named. */
  path: z.string(),
  /** What told images of one source, which share a split; absent: nothing. */
  groupBy: z.optional(z.string()),
  images: z.int(),
  /** Images of each class. */
  classes: z.array(z.strictObject({ label: z.string(), images: z.int() })),
  /** What labels were judged by. */
  features: z.string(),
  /** Images whose labels were judged; fewer than all of a large dataset. */
  judgedLabels: z.int(),
  findings: z.array(findingSchema),
});

/** What an audit of a dataset found, for machines. */
export type Audit = z.infer<typeof auditSchema>;

/** Number of findings of each severity. */
export function countBySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}
