import { ArnFormat, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { retentionOf } from "./retention.ts";
import { retrainDefinition, type RetrainDefinitionProps } from "./retrain-definition.ts";

/** Options of {@link RetrainMachine}. */
export interface RetrainMachineProps extends RetrainDefinitionProps {
  readonly name: string;
  readonly logDays: number;
}

/** The longest an execution may last; below the time after which a lock of `trainer/pipeline/lock.ts` ends. */
export const machineTimeout = Duration.hours(36);

/** The state machine that retrains models, one execution a model and trigger. */
export class RetrainMachine extends Construct {
  readonly machine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: RetrainMachineProps) {
    super(scope, id);
    this.machine = new sfn.StateMachine(this, "Machine", {
      stateMachineName: props.name,
      stateMachineType: sfn.StateMachineType.STANDARD,
      definitionBody: sfn.DefinitionBody.fromChainable(retrainDefinition(this, props)),
      timeout: machineTimeout,
      tracingEnabled: true,
      logs: {
        destination: new logs.LogGroup(this, "Logs", {
          logGroupName: `/aws/vendedlogs/states/${props.name}`,
          retention: retentionOf(props.logDays),
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: sfn.LogLevel.ALL,
        includeExecutionData: true,
      },
    });
    for (const statement of this.#batchStatements(props)) this.machine.addToRolePolicy(statement);
  }

  #batchStatements({ jobs, queue }: RetrainMachineProps): iam.PolicyStatement[] {
    const stack = Stack.of(this);
    return [
      new iam.PolicyStatement({
        sid: "SubmitJobs",
        actions: ["batch:SubmitJob"],
        resources: [
          queue.jobQueueArn,
          ...Object.values(jobs).map(({ definition }) => definition.jobDefinitionArn),
        ],
      }),
      // Without these an aborted execution leaves its job, and the instance, running.
      new iam.PolicyStatement({
        sid: "TerminateJobs",
        actions: ["batch:TerminateJob"],
        resources: [stack.formatArn({ service: "batch", resource: "job", resourceName: "*" })],
      }),
      new iam.PolicyStatement({
        sid: "WatchJobs",
        actions: ["batch:DescribeJobs"],
        resources: ["*"],
      }),
      // How Step Functions hears that a job has ended.
      new iam.PolicyStatement({
        sid: "HearOfJobs",
        actions: ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        resources: [
          stack.formatArn({
            service: "events",
            resource: "rule",
            resourceName: "StepFunctionsGetEventsForBatchJobsRule",
            arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
          }),
        ],
      }),
    ];
  }
}
