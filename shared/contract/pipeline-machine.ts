import * as z from "zod/mini";

/** How a long task is started, as its job definition says. */
export const machineJobSchema = z.strictObject({
  /** Arguments of the command line; `Ref::name` stands for a parameter. */
  command: z.array(z.string()).check(z.minLength(1)),
  /** Tries, the first included, where the host goes away. */
  attempts: z.int().check(z.gte(1), z.lte(10)),
  /** After this an attempt is ended. */
  attemptSeconds: z.int().check(z.gt(0)),
});

/** How a long task is started. */
export type MachineJob = z.infer<typeof machineJobSchema>;

/**
 * The retraining pipeline as it was synthesised for AWS, with names of this machine in place of those that AWS gives:
 * what `edgewise pipeline run` executes.
 */
export const pipelineMachineSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** In the Amazon States Language, https://states-language.net/spec.html, with JSONPath. */
  definition: z.looseObject({
    StartAt: z.string(),
    States: z.record(z.string(), z.looseObject({ Type: z.string() })),
  }),
  jobs: z.record(z.string(), machineJobSchema),
});

/** The retraining pipeline as it was synthesised, for machines of one's own. */
export type PipelineMachine = z.infer<typeof pipelineMachineSchema>;

/** Amazon resource names of what exists on this machine only. */
export const localNames = {
  function: (name: "decide" | "release"): string => `arn:aws:lambda:local:000000000000:function:${name}`,
  job: (name: string): string => `arn:aws:batch:local:000000000000:job-definition/${name}`,
  queue: "arn:aws:batch:local:000000000000:job-queue/local",
  topic: "arn:aws:sns:local:000000000000:local",
} as const;
