import * as z from "zod/mini";
import { ofType, property, type Synthesis } from "./synthesis.ts";

const stateSchema = z.looseObject({
  Type: z.string(),
  TimeoutSeconds: z.optional(z.number()),
  Catch: z.optional(z.array(z.object({ ErrorEquals: z.array(z.string()), Next: z.string() }))),
});
const machineSchema = z.looseObject({
  StartAt: z.string(),
  TimeoutSeconds: z.number(),
  States: z.record(z.string(), stateSchema),
});

/** A state machine in the States Language. */
export type Machine = z.infer<typeof machineSchema>;

/** The machine that a synthesis has, what only a deployment knows replaced by plausible values. */
export function machineOf(synthesis: Synthesis): Machine {
  const [machine] = ofType(synthesis, "AWS::StepFunctions::StateMachine");
  const text = resolved(machine === undefined ? "" : property(machine[1], "DefinitionString"));
  return machineSchema.parse(JSON.parse(text));
}

const joinSchema = z.object({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) });
const attributeSchema = z.object({ "Fn::GetAtt": z.tuple([z.string(), z.string()]) });

function resolved(value: unknown): string {
  if (typeof value === "string") return value;
  const join = z.safeParse(joinSchema, value);
  if (join.success) {
    const [separator, parts] = join.data["Fn::Join"];
    return parts.map(resolved).join(separator);
  }
  const attribute = z.safeParse(attributeSchema, value);
  if (attribute.success)
    return `arn:aws:lambda:eu-west-1:111111111111:function:${attribute.data["Fn::GetAtt"][0]}`;
  return JSON.stringify(value).includes("AWS::Partition")
    ? "aws"
    : "arn:aws:batch:eu-west-1:111111111111:job/one";
}
