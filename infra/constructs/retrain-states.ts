import { Duration } from "aws-cdk-lib";
import type * as batch from "aws-cdk-lib/aws-batch";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sns from "aws-cdk-lib/aws-sns";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import * as tasks from "aws-cdk-lib/aws-stepfunctions-tasks";
import { Construct } from "constructs";
import type { DecisionTask, ReleaseTask } from "../../shared/contract/pipeline.ts";
import { taskTimeout } from "./task-function.ts";
import { attempts } from "./trainer-job.ts";

/** What the states run. */
export interface RetrainStatesProps {
  readonly decide: lambda.IFunction;
  readonly release: lambda.IFunction;
  readonly topic: sns.ITopic;
  readonly queue: batch.IJobQueue;
}

/** All the time a job may wait for instances. */
const queueing = Duration.hours(8);

const runId = sfn.JsonPath.stringAt("$.run.runId");

/** Makes the states of the machine, each with its timeout; JSONPath only, so that machines at home can run them. */
export class RetrainStates extends Construct {
  readonly #props: RetrainStatesProps;

  constructor(scope: Construct, id: string, props: RetrainStatesProps) {
    super(scope, id);
    this.#props = props;
  }

  /** The state that takes the lock and records the run. */
  begin(): tasks.LambdaInvoke {
    return this.#invoke("Begin", this.#props.decide, "$.run", {
      task: "begin",
      execution: sfn.JsonPath.stringAt("$$.Execution.Id"),
      request: sfn.JsonPath.objectAt("$$.Execution.Input"),
    });
  }

  /** A task that decides. */
  decide(id: string, task: DecisionTask, resultPath: string, more: object = {}): tasks.LambdaInvoke {
    return this.#invoke(id, this.#props.decide, resultPath, { task, runId, ...more });
  }

  /** A task that writes published models. */
  release(id: string, task: ReleaseTask, resultPath: string): tasks.LambdaInvoke {
    return this.#invoke(id, this.#props.release, resultPath, { task, runId });
  }

  /** A long task, as a job of AWS Batch that the machine waits for and terminates when it is aborted. */
  job(id: string, definition: batch.IJobDefinition, attempt: Duration): sfn.CustomState {
    const state = new sfn.CustomState(this, id, {
      stateJson: {
        Type: "Task",
        Resource: "arn:aws:states:::batch:submitJob.sync",
        // The whole time in the queue and of all attempts; the definition ends each attempt by itself.
        TimeoutSeconds: attempts * attempt.toSeconds() + queueing.toSeconds(),
        Parameters: {
          "JobName.$": `States.Format('${id.toLowerCase()}-{}', $.run.runId)`,
          JobDefinition: definition.jobDefinitionArn,
          JobQueue: this.#props.queue.jobQueueArn,
          Parameters: { "runId.$": "$.run.runId" },
        },
        ResultSelector: { "jobId.$": "$.JobId", "status.$": "$.Status" },
        ResultPath: `$.${id.toLowerCase()}`,
      },
    });
    return state.addRetry({
      // The service itself failed, not the job.
      errors: ["Batch.ServerException", "Batch.AWSBatchException"],
      interval: Duration.seconds(30),
      maxAttempts: 3,
      backoffRate: 2,
    });
  }

  /** Tells whoever subscribed how the run ended. */
  notifyReport(id: string): tasks.SnsPublish {
    return this.#notify(
      id,
      sfn.JsonPath.stringAt("$.report.subject"),
      sfn.JsonPath.stringAt("$.report.message"),
    );
  }

  /** Tells whoever subscribed of a failure that no run can report. */
  notifyFailure(id: string): tasks.SnsPublish {
    const failure = sfn.JsonPath.jsonToString(sfn.JsonPath.objectAt("$.failure"));
    return this.#notify(id, "edgewise: retraining is broken", failure);
  }

  #notify(id: string, subject: string, message: string): tasks.SnsPublish {
    return new tasks.SnsPublish(this, id, {
      topic: this.#props.topic,
      subject,
      message: sfn.TaskInput.fromText(message),
      resultPath: sfn.JsonPath.DISCARD,
      taskTimeout: sfn.Timeout.duration(Duration.minutes(1)),
    });
  }

  #invoke(
    id: string,
    lambdaFunction: lambda.IFunction,
    resultPath: string,
    payload: object,
  ): tasks.LambdaInvoke {
    const state = new tasks.LambdaInvoke(this, id, {
      lambdaFunction,
      payload: sfn.TaskInput.fromObject({ ...payload }),
      payloadResponseOnly: true,
      retryOnServiceExceptions: true,
      resultPath,
      taskTimeout: sfn.Timeout.duration(taskTimeout.plus(Duration.minutes(1))),
    });
    // Every task may be repeated; a store that did not answer is worth another try, a wrong input is not.
    state.addRetry({
      errors: ["States.Timeout", "store_unavailable", "precondition_failed"],
      interval: Duration.seconds(15),
      maxAttempts: 3,
      backoffRate: 2,
    });
    return state;
  }
}
