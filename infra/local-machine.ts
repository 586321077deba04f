import * as z from "zod/mini";
import { jobTasks, type JobTask } from "../shared/contract/pipeline.ts";
import {
  localNames,
  type PipelineMachine,
  pipelineMachineSchema,
} from "../shared/contract/pipeline-machine.ts";
import { AppError } from "../shared/contract/errors.ts";
import { parseWith } from "../shared/contract/parse.ts";

const templateSchema = z.object({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string(), Properties: z.optional(z.unknown()) })),
});

/** A template of CloudFormation, as far as it is read here. */
export type Template = z.infer<typeof templateSchema>;

const machinePropertiesSchema = z.object({
  DefinitionString: z.object({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) }),
});
const jobPropertiesSchema = z.object({
  ContainerProperties: z.object({ Command: z.array(z.string()) }),
  RetryStrategy: z.object({ Attempts: z.int() }),
  Timeout: z.object({ AttemptDurationSeconds: z.int() }),
});

/** Reads a synthesised template. @throws {AppError} invalid_argument */
export function parseTemplate(value: unknown): Template {
  return parseWith(templateSchema, value, "the synthesised template");
}

/**
 * The state machine of a deployment for machines at home: the same definition, with the names of `localNames` in place
 * of those that a deployment gives.
 * @param pipeline template of the pipeline stack  @param training template of the training stack
 */
export function localMachine(pipeline: Template, training: Template): PipelineMachine {
  const [separator, parts] = parseWith(
    machinePropertiesSchema,
    onlyResource(pipeline, "AWS::StepFunctions::StateMachine"),
    "the synthesised state machine",
  ).DefinitionString["Fn::Join"];
  const text = parts.map((part) => (typeof part === "string" ? part : localName(part))).join(separator);
  const jobs = Object.fromEntries(jobTasks.map((task) => [task, jobOf(training, task)]));
  return parseWith(
    pipelineMachineSchema,
    { schemaVersion: 1, definition: JSON.parse(text), jobs },
    "the synthesised pipeline",
  );
}

function jobOf(training: Template, task: JobTask) {
  const definitions = Object.values(training.Resources)
    .filter(({ Type }) => Type === "AWS::Batch::JobDefinition")
    .map(({ Properties }) => parseWith(jobPropertiesSchema, Properties, "a synthesised job definition"));
  const found = definitions.find(({ ContainerProperties: { Command } }) => Command.includes(task));
  if (found === undefined) throw new AppError("internal", `no job definition runs ${task}`);
  return {
    command: found.ContainerProperties.Command,
    attempts: found.RetryStrategy.Attempts,
    attemptSeconds: found.Timeout.AttemptDurationSeconds,
  };
}

function onlyResource({ Resources }: Template, type: string): unknown {
  return Object.values(Resources).find(({ Type }) => Type === type)?.Properties;
}

/** What stands here for a value that only a deployment knows; told apart by the names that constructs give. */
function localName(value: unknown): string {
  const text = JSON.stringify(value);
  const names: readonly (readonly [RegExp, string])[] = [
    [/AWS::Partition/, "aws"],
    [/DecideFunction/, localNames.function("decide")],
    [/ReleaseFunction/, localNames.function("release")],
    [/AuditDefinition/, localNames.job("audit")],
    [/TrainDefinition/, localNames.job("train")],
    [/EvaluateDefinition/, localNames.job("evaluate")],
    [/JobQueueArn/, localNames.queue],
    [/Notifications/, localNames.topic],
  ];
  const [, name] = names.find(([pattern]) => pattern.test(text)) ?? [];
  if (name !== undefined) return name;
  throw new AppError("internal", `nothing here stands for ${text}; give it a name in local-machine.ts`);
}
