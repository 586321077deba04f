import * as z from "zod/mini";
import { retrainSettingsSchema } from "../../shared/contract/pipeline.ts";
import { parseWith } from "../../shared/contract/parse.ts";

// Three attempts of the longest fit into the longest execution.
const hours = z.int().check(z.gte(1), z.lte(8));

/** Five fields as EventBridge Scheduler takes them: minute, hour, day of month, month, day of week. */
const cronSchema = z.strictObject({
  minute: z.prefault(z.string(), "0"),
  hour: z.prefault(z.string(), "3"),
  day: z.optional(z.string()),
  month: z.optional(z.string()),
  weekDay: z.optional(z.string()),
});

/** One model that is retrained. */
const deployedModelSchema = z.strictObject({
  settings: retrainSettingsSchema,
  /** When it is retrained, or its champion measured again, though nothing happened. UTC. */
  schedule: z.prefault(cronSchema, { weekDay: "SUN" }),
});

/** Everything that one deployment decides; unknown keys are refused. */
export const deploymentSchema = z
  .strictObject({
    /** Part of every stack's name. */
    name: z.string().check(z.regex(/^[a-z][a-z0-9]{1,15}$/, "must be 2 to 16 of a-z 0-9")),
    /** Where it goes; without, wherever the credentials of the deployment point. */
    account: z.optional(z.string().check(z.regex(/^\d{12}$/, "must be 12 digits"))),
    region: z.optional(z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region of AWS"))),
    /**
     * `isolated`: no route to the internet, by interface endpoints that cost per hour. `public-egress`: instances have public
     * addresses and nothing may connect to them; costs nothing when idle.
     */
    network: z.enum(["isolated", "public-egress"]),
    training: z.strictObject({
      /** The first that is cheap and there is taken. */
      instanceTypes: z
        .prefault(z.array(z.string().check(z.regex(/^(g4dn|g5|g6)\.\w+$/))), [
          "g4dn.xlarge",
          "g5.xlarge",
          "g6.xlarge",
        ])
        .check(z.minLength(1)),
      /** vCPUs of all instances at once, a ceiling of what can be spent. */
      maximumVcpus: z.prefault(z.int().check(z.gte(4), z.lte(256)), 8),
      /** Memory of a job in MiB: what an instance of the smallest type has left beside the agent. */
      jobMemoryMib: z.prefault(z.int().check(z.gte(2048)), 14_000),
      /** A training attempt is ended after this. */
      trainHours: z.prefault(hours, 6),
      /** An audit or an evaluation is ended after this. */
      evaluateHours: z.prefault(hours, 1),
      /** A job that finds no instance is given up after this. */
      capacityWaitHours: z.prefault(hours, 4),
      scratchGib: z.prefault(z.int().check(z.gte(60), z.lte(2000)), 120),
      /** Base of the container image; name a mirror by digest, as the vendor deletes old tags. */
      baseImage: z.optional(z.string()),
    }),
    storage: z.strictObject({
      /** Days until what is superseded in a versioned bucket is removed. */
      oldVersionDays: z.prefault(z.int().check(z.gte(1)), 90),
      /** Days until checkpoints, candidates and metrics of runs are removed. */
      runDays: z.prefault(z.int().check(z.gte(7)), 180),
      /** Days that access logs and the logs of functions and jobs are kept. */
      logDays: z.prefault(z.int().check(z.gte(1)), 90),
    }),
    /** Who hears of failures and promotions. */
    notify: z.array(z.email()),
    /** US dollars a month; 80 % of it, spent or forecast, is notified. */
    monthlyBudget: z.number().check(z.gt(0)),
    models: z.array(deployedModelSchema).check(z.minLength(1), z.maxLength(20)),
  })
  .check(
    z.refine(
      (config) => new Set(config.models.map(({ settings }) => settings.model)).size === config.models.length,
      {
        message: "each model must be listed once",
      },
    ),
  );

/** Everything that one deployment decides. */
export type Deployment = z.infer<typeof deploymentSchema>;

/** One model that is retrained, with the time of its schedule. */
export type DeployedModel = Deployment["models"][number];

/** What a configuration file says; everything with a default may be left out. */
export type DeploymentInput = z.input<typeof deploymentSchema>;

/** Reads a configuration. @throws {AppError} invalid_argument with every wrong field */
export function parseDeployment(input: DeploymentInput): Deployment {
  return parseWith(deploymentSchema, input, `deployment ${input.name}`);
}
