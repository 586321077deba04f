import { CfnElement, type Stack, Token, Validations } from "aws-cdk-lib";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { IConstruct } from "constructs";
import * as z from "zod/mini";
import type { DeployedStacks } from "../stacks/deployed-stacks.ts";
import type { PipelineStack } from "../stacks/pipeline-stack.ts";
import type { RecordPrefix } from "../constructs/statements.ts";

/**
 * Every finding of cdk-nag's AwsSolutions that stands, each on the narrowest construct and with its reason. All others
 * fail the synthesis.
 */
export function acknowledgeFindings(stacks: DeployedStacks): void {
  for (const { of, findings, reason } of acknowledgements(stacks)) {
    // Only this form of an id is listed among the suppressed findings of the validation report.
    const ids = findings.map((finding) => ({ id: `AwsSolutions::AwsSolutions-${finding}`, reason }));
    Validations.of(of).acknowledge(...ids);
  }
}

const importSchema = z.object({ "Fn::ImportValue": z.string() });

interface Acknowledgement {
  readonly of: IConstruct;
  readonly findings: readonly string[];
  readonly reason: string;
}

const byPrefix = "Objects are named as they come; the right ends at the prefix, and the action is one.";

function acknowledgements({ training, pipeline, storage }: DeployedStacks): Acknowledgement[] {
  const record = exportedArn(storage, storage.record);
  const objects = (...prefixes: RecordPrefix[]): string[] =>
    prefixes.map((prefix) => `IAM5[Resource::${record}/${prefix}/*]`);
  const part = (id: string): IConstruct => pipeline.node.findChild(id);
  return [
    {
      of: training.node.findChild("Gpu").node.findChild("InstanceRole"),
      findings: [
        "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]",
      ],
      reason: "The ECS agent of a Batch instance needs this policy, which AWS keeps in step with the agent.",
    },
    ...Object.values(training.jobs).map((job) => ({
      of: job.node.findChild("Container").node.findChild("ExecutionRole"),
      findings: ["IAM5[Resource::*]"],
      reason: "ecr:GetAuthorizationToken cannot be limited to a repository; pulling itself is.",
    })),
    {
      of: training.node.findChild("JobRole"),
      findings: objects("backbones", "datasets", "runs", "models"),
      reason: byPrefix,
    },
    { of: part("Decide"), findings: objects("datasets", "runs", "models", "locks"), reason: byPrefix },
    { of: part("Release"), findings: objects("datasets", "runs", "models"), reason: byPrefix },
    {
      of: part("QueueAge"),
      findings: ["IAM5[Resource::*]"],
      reason: "batch:ListJobs cannot be limited to a queue; it shows names and times of jobs.",
    },
    {
      of: part("ServingCredentials"),
      findings: ["SMG4"],
      reason: "A token of Cloudflare, which AWS cannot rotate; infra/README.md tells how to replace it.",
    },
    {
      of: pipeline.deadLetters,
      findings: ["SQS3"],
      reason: "This queue is the dead-letter queue; an alarm tells when anything lies in it.",
    },
    ...executionAcknowledgements(pipeline),
  ];
}

/** What is named only while the state machine runs. */
function executionAcknowledgements(pipeline: PipelineStack): Acknowledgement[] {
  const region = Token.isUnresolved(pipeline.region) ? "<AWS::Region>" : pipeline.region;
  const account = Token.isUnresolved(pipeline.account) ? "<AWS::AccountId>" : pipeline.account;
  const arn = (service: string): string => `arn:<AWS::Partition>:${service}:${region}:${account}`;
  return [
    {
      of: pipeline.node.findChild("Decide"),
      findings: [`IAM5[Resource::${arn("states")}:execution:${pipeline.machineName}:*]`],
      reason: "Executions are named when they start; the right ends at this machine and only describes.",
    },
    {
      of: pipeline.machine,
      findings: ["IAM5[Resource::*]"],
      reason: "batch:DescribeJobs, X-Ray and the delivery of logs cannot be limited to a resource.",
    },
    {
      of: pipeline.machine,
      findings: [`IAM5[Resource::${arn("batch")}:job/*]`],
      reason: "Ids of jobs are made when they are submitted; without the right an abort leaves them running.",
    },
    {
      of: pipeline.machine,
      findings: ["Decide", "Release"].map((id) => versionsOf(pipeline, id)),
      reason: "The versions of a function; a redeployment makes a new one while an execution runs.",
    },
    {
      of: pipeline.node.findChild("QueueAgeCaller"),
      findings: [versionsOf(pipeline, "QueueAge")],
      reason: "The versions of the one function that it may call.",
    },
  ];
}

/** How cdk-nag writes the ARN of a bucket of another stack: by the name under which that one exports it. */
function exportedArn(stack: Stack, bucket: IBucket): string {
  const { "Fn::ImportValue": name } = importSchema.parse(stack.resolve(stack.exportValue(bucket.bucketArn)));
  return name;
}

/** How cdk-nag writes the right to call any version of a function. */
function versionsOf(stack: Stack, id: string): string {
  const element = stack.node.findChild(id).node.findChild("Function").node.defaultChild;
  const logicalId = CfnElement.isCfnElement(element) ? stack.getLogicalId(element) : id;
  return `IAM5[Resource::<${logicalId}.Arn>:*]`;
}
