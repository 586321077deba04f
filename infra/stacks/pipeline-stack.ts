import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import { SnsTopic } from "aws-cdk-lib/aws-events-targets";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as s3 from "aws-cdk-lib/aws-s3";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import * as schedulerTargets from "aws-cdk-lib/aws-scheduler-targets";
import * as secrets from "aws-cdk-lib/aws-secretsmanager";
import * as sns from "aws-cdk-lib/aws-sns";
import * as subscriptions from "aws-cdk-lib/aws-sns-subscriptions";
import * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { DeployedModel, Deployment } from "../config/schema.ts";
import { RetrainMachine } from "../constructs/retrain-machine.ts";
import { RetrainTriggers } from "../constructs/retrain-triggers.ts";
import { listStatement, readStatement, writeStatement } from "../constructs/statements.ts";
import { TaskFunction } from "../constructs/task-function.ts";
import type { TrainingStack } from "./training-stack.ts";

/** Options of {@link PipelineStack}. */
export interface PipelineStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly record: s3.IBucket;
  readonly training: TrainingStack;
}

/** What decides: the functions, the state machine, what starts it and whom it tells. */
export class PipelineStack extends Stack {
  readonly machine: RetrainMachine;
  readonly topic: sns.Topic;
  readonly deadLetters: sqs.Queue;
  /** Known before the machine is made, so that its functions may look at its executions. */
  readonly machineName: string;

  constructor(scope: Construct, id: string, { deployment, record, training, ...props }: PipelineStackProps) {
    super(scope, id, props);
    const { logDays } = deployment.storage;
    this.machineName = `edgewise-${deployment.name}-retrain`;
    this.topic = new sns.Topic(this, "Notifications", { enforceSSL: true });
    for (const address of deployment.notify) {
      this.topic.addSubscription(new subscriptions.EmailSubscription(address));
    }
    this.deadLetters = new sqs.Queue(this, "DeadLetters", {
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    this.#hearOfBlockedQueue(training);
    this.#measureQueueAge(deployment, training);
    const { training: limits } = deployment;
    const trainTimeout = Duration.hours(limits.trainHours);
    const evaluateTimeout = Duration.hours(limits.evaluateHours);
    this.machine = new RetrainMachine(this, "Retrain", {
      name: this.machineName,
      logDays,
      decide: this.#decideFunction(record, logDays).function,
      release: this.#releaseFunction(record, logDays).function,
      topic: this.topic,
      queue: training.queue.queue,
      jobs: {
        audit: { definition: training.jobs.audit.definition, timeout: evaluateTimeout },
        train: { definition: training.jobs.train.definition, timeout: trainTimeout },
        evaluate: { definition: training.jobs.evaluate.definition, timeout: evaluateTimeout },
      },
    });
    const scheduleGroup = new scheduler.ScheduleGroup(this, "Schedules");
    for (const model of deployment.models) {
      new RetrainTriggers(this, `Model-${model.settings.model}`, {
        machine: this.machine.machine,
        record,
        deadLetters: this.deadLetters,
        model,
        scheduleGroup,
      });
      this.#tellHowToStart(model);
    }
    new CfnOutput(this, "RecordStore", {
      value: `s3://${record.bucketName}`,
      description: "--store of the record",
    });
  }

  #tellHowToStart({ settings }: DeployedModel): void {
    const input = JSON.stringify({ settings, trigger: "manual", force: true });
    new CfnOutput(this, `Start-${settings.model}`, {
      description: `Trains ${settings.model} now, whether or not there is anything new`,
      value: `aws stepfunctions start-execution --state-machine-arn ${this.machine.machine.stateMachineArn} --input '${input}'`,
    });
  }

  /** Batch tells when the job at the head of the queue cannot start at all. */
  #hearOfBlockedQueue({ queue: { queue } }: TrainingStack): void {
    new events.Rule(this, "QueueBlocked", {
      description: "A job waits for an instance that does not come",
      eventPattern: {
        source: ["aws.batch"],
        detailType: ["Batch Job Queue Blocked"],
        resources: [queue.jobQueueArn],
      },
      targets: [new SnsTopic(this.topic, { deadLetterQueue: this.deadLetters })],
    });
  }

  /** Batch has no metric for how long jobs wait; a look every quarter of an hour costs a few cents a month. */
  #measureQueueAge({ name, storage }: Deployment, { queue: { queue } }: TrainingStack): void {
    const look = new TaskFunction(this, "QueueAge", {
      entry: "queue-age",
      description: "Measures how long jobs have waited for an instance",
      environment: { JOB_QUEUE: queue.jobQueueArn, DEPLOYMENT: name },
      logDays: storage.logDays,
    });
    look.role.addToPolicy(
      new iam.PolicyStatement({ sid: "SeeJobs", actions: ["batch:ListJobs"], resources: ["*"] }),
    );
    new scheduler.Schedule(this, "QueueAgeSchedule", {
      description: "Measures how long jobs have waited for an instance",
      schedule: scheduler.ScheduleExpression.rate(Duration.minutes(15)),
      target: new schedulerTargets.LambdaInvoke(look.function, {
        role: new iam.Role(this, "QueueAgeCaller", {
          assumedBy: new iam.ServicePrincipal("scheduler.amazonaws.com", {
            conditions: { StringEquals: { "aws:SourceAccount": this.account } },
          }),
        }),
        deadLetterQueue: this.deadLetters,
        // The next look is as good.
        retryAttempts: 0,
      }),
    });
  }

  #decideFunction(record: s3.IBucket, logDays: number): TaskFunction {
    const decide = new TaskFunction(this, "Decide", {
      entry: "decide",
      description: "Tasks of the retraining that decide; writes records of runs and locks",
      environment: { RECORD_BUCKET: record.bucketName },
      logDays,
    });
    decide.role.addToPolicy(readStatement(record, ["datasets", "runs", "models", "locks"]));
    decide.role.addToPolicy(writeStatement(record, ["runs", "locks"]));
    decide.role.addToPolicy(listStatement(record));
    decide.role.addToPolicy(
      new iam.PolicyStatement({
        sid: "SeeExecutions",
        actions: ["states:DescribeExecution"],
        resources: [
          `arn:${this.partition}:states:${this.region}:${this.account}:execution:${this.machineName}:*`,
        ],
      }),
    );
    return decide;
  }

  #releaseFunction(record: s3.IBucket, logDays: number): TaskFunction {
    const credentials = new secrets.Secret(this, "ServingCredentials", {
      description: `${this.machineName}: where Workers read models, as JSON {accountId, bucket, accessKeyId, secretAccessKey}`,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new CfnOutput(this, "ServingSecret", {
      value: credentials.secretArn,
      description: "Put the S3 credentials of the R2 bucket here",
    });
    const release = new TaskFunction(this, "Release", {
      entry: "release",
      description:
        "Tasks of the retraining that reach what Workers read: take feedback, write published models",
      environment: { RECORD_BUCKET: record.bucketName, SERVING_SECRET: credentials.secretArn },
      logDays,
    });
    release.role.addToPolicy(readStatement(record, ["datasets", "runs", "models"]));
    release.role.addToPolicy(writeStatement(record, ["datasets", "runs", "models"]));
    release.role.addToPolicy(listStatement(record));
    release.role.addToPolicy(
      new iam.PolicyStatement({
        sid: "ReadServingCredentials",
        actions: ["secretsmanager:GetSecretValue"],
        resources: [credentials.secretArn],
      }),
    );
    return release;
  }
}
