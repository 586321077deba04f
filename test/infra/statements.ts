import * as z from "zod/mini";
import { ofType, property, type Synthesis } from "./synthesis.ts";

const statementSchema = z.looseObject({
  Effect: z.string(),
  Action: z.union([z.string(), z.array(z.string())]),
  Resource: z.optional(z.unknown()),
});

/** One statement of a policy, and the resource that has it. */
export interface Statement {
  /** `stack/logicalId` of the policy. */
  readonly owner: string;
  readonly effect: string;
  readonly actions: readonly string[];
  /** As JSON, for what it contains. */
  readonly resource: string;
}

/** Every statement of the policies of roles. */
export function roleStatements(synthesis: Synthesis): Statement[] {
  return ofType(synthesis, "AWS::IAM::Policy").flatMap(([owner, policy]) =>
    z
      .array(statementSchema)
      .parse(property(policy, "PolicyDocument.Statement"))
      .map((statement) => ({
        owner,
        effect: statement.Effect,
        actions: [statement.Action].flat(),
        resource: JSON.stringify(statement.Resource),
      })),
  );
}
