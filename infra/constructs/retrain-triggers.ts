import { Duration } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as targets from "aws-cdk-lib/aws-events-targets";
import type * as s3 from "aws-cdk-lib/aws-s3";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import * as schedulerTargets from "aws-cdk-lib/aws-scheduler-targets";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { DeployedModel } from "../config/schema.ts";

/** Options of {@link RetrainTriggers}. */
export interface RetrainTriggersProps {
  readonly machine: sfn.StateMachine;
  readonly record: s3.IBucket;
  readonly deadLetters: sqs.IQueue;
  readonly model: DeployedModel;
  readonly scheduleGroup: scheduler.IScheduleGroup;
}

const delivery = { maxEventAge: Duration.hours(2), retryAttempts: 5 } as const;

/** What starts the retraining of one model: the clock, a new version of its dataset, reviewed feedback. */
export class RetrainTriggers extends Construct {
  constructor(scope: Construct, id: string, props: RetrainTriggersProps) {
    super(scope, id);
    const { machine, deadLetters, model, scheduleGroup } = props;
    const { settings } = model;
    const schedule = (
      name: string,
      trigger: string,
      when: scheduler.ScheduleExpression,
      description: string,
    ) =>
      new scheduler.Schedule(this, name, {
        description,
        schedule: when,
        scheduleGroup,
        timeWindow: scheduler.TimeWindow.flexible(Duration.minutes(15)),
        target: new schedulerTargets.StepFunctionsStartExecution(machine, {
          input: scheduler.ScheduleTargetInput.fromObject({ settings, trigger, force: false }),
          deadLetterQueue: deadLetters,
          ...delivery,
        }),
      });
    schedule(
      "Schedule",
      "schedule",
      scheduler.ScheduleExpression.cron(model.schedule),
      `Retrains ${settings.model}, or measures its champion again`,
    );
    // Reviews are kept where Workers are, which tells nobody: an hourly look costs a few cents a month.
    schedule(
      "Feedback",
      "feedback",
      scheduler.ScheduleExpression.rate(Duration.hours(1)),
      `Takes reviewed feedback of ${settings.model}; retrains it where there is enough`,
    );
    // The manifest is written after the images: ten thousand of them are one event.
    this.#onObject("NewDataset", `${objectKeys.datasets(settings.dataset)}*/manifest.json`, "dataset", props);
  }

  #onObject(id: string, key: string, trigger: string, props: RetrainTriggersProps): void {
    new events.Rule(this, id, {
      eventPattern: {
        source: ["aws.s3"],
        detailType: ["Object Created"],
        detail: { bucket: { name: [props.record.bucketName] }, object: { key: [{ wildcard: key }] } },
      },
      targets: [
        new targets.SfnStateMachine(props.machine, {
          input: events.RuleTargetInput.fromObject({
            settings: props.model.settings,
            trigger,
            force: false,
          }),
          deadLetterQueue: props.deadLetters,
          ...delivery,
        }),
      ],
    });
  }
}
