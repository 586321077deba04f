import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import * as budgets from "aws-cdk-lib/aws-budgets";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as iam from "aws-cdk-lib/aws-iam";
import { Schedule } from "aws-cdk-lib/aws-scheduler";
import type { Construct } from "constructs";
import type { Deployment } from "../config/schema.ts";
import type { PipelineStack } from "./pipeline-stack.ts";

/** Options of {@link OperationsStack}. */
export interface OperationsStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly pipeline: PipelineStack;
}

/** What people see and hear of it: alarms, one dashboard, a budget. */
export class OperationsStack extends Stack {
  readonly #props: OperationsStackProps;

  constructor(scope: Construct, id: string, props: OperationsStackProps) {
    const { deployment, pipeline: _pipeline, ...stackProps } = props;
    super(scope, id, stackProps);
    this.#props = props;
    const alarms = [...this.#pipelineAlarms(), ...this.#qualityAlarms()];
    for (const alarm of alarms) alarm.addAlarmAction(new SnsAction(props.pipeline.topic));
    this.#addDashboard(alarms);
    this.#addBudget(deployment);
  }

  #pipelineAlarms(): cloudwatch.Alarm[] {
    const { pipeline, deployment } = this.#props;
    const { machine, deadLetters } = pipeline;
    return [
      this.#alarm("ExecutionsFailed", machine.machine.metricFailed(), "A retraining failed"),
      this.#alarm("ExecutionsTimedOut", machine.machine.metricTimedOut(), "A retraining took too long"),
      this.#alarm("SchedulesDropped", Schedule.metricAllDropped(), "A schedule could not start a retraining"),
      this.#alarm(
        "QueueAge",
        queueAge(deployment),
        "A job has waited for an instance for over half of the time after which it is given up",
        Duration.hours(deployment.training.capacityWaitHours).toSeconds() / 2,
      ),
      this.#alarm(
        "DeadLetterAge",
        deadLetters.metricApproximateAgeOfOldestMessage(),
        "Something that should have started a retraining lies in the dead-letter queue",
      ),
    ];
  }

  #qualityAlarms(): cloudwatch.Alarm[] {
    return this.#props.deployment.models.map(({ settings: { model, maximumAccuracyDrop } }) =>
      this.#alarm(
        `ChampionQuality-${model}`,
        qualityMetric("ChampionAccuracyDrop", model),
        `The champion of ${model} answers worse than when it was published`,
        maximumAccuracyDrop,
      ),
    );
  }

  #alarm(id: string, metric: cloudwatch.IMetric, description: string, above = 0): cloudwatch.Alarm {
    return new cloudwatch.Alarm(this, id, {
      alarmDescription: description,
      metric,
      threshold: above,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  #addDashboard(alarms: readonly cloudwatch.Alarm[]): void {
    const { deployment, pipeline } = this.#props;
    const { machine } = pipeline.machine;
    const models = deployment.models.map(({ settings }) => settings.model);
    const dashboard = new cloudwatch.Dashboard(this, "Dashboard", {
      dashboardName: `edgewise-${deployment.name}`,
      defaultInterval: Duration.days(30),
    });
    dashboard.addWidgets(
      new cloudwatch.AlarmStatusWidget({ title: "Alarms", alarms: [...alarms], width: 24 }),
      new cloudwatch.GraphWidget({
        title: "Top-1 accuracy of the champions",
        left: models.map((model) => qualityMetric("ChampionAccuracy", model)),
        right: models.map((model) => qualityMetric("ChallengerAccuracy", model)),
        width: 12,
      }),
      new cloudwatch.GraphWidget({
        title: "Retrainings",
        left: [
          machine.metricSucceeded(),
          machine.metricFailed(),
          machine.metricAborted(),
          machine.metricTimedOut(),
        ],
        right: [machine.metricTime(), queueAge(deployment)],
        width: 12,
      }),
    );
  }

  #addBudget(deployment: Deployment): void {
    const { topic } = this.#props.pipeline;
    const notify = (notificationType: "ACTUAL" | "FORECASTED") => ({
      notification: {
        notificationType,
        comparisonOperator: "GREATER_THAN",
        threshold: 80,
        thresholdType: "PERCENTAGE",
      },
      subscribers: [{ subscriptionType: "SNS", address: topic.topicArn }],
    });
    new budgets.CfnBudget(this, "Budget", {
      budget: {
        budgetType: "COST",
        timeUnit: "MONTHLY",
        budgetLimit: { amount: deployment.monthlyBudget, unit: "USD" },
        // The tag that app.ts puts on everything.
        costFilters: { TagKeyValue: [`user:edgewise$${deployment.name}`] },
      },
      notificationsWithSubscribers: [notify("ACTUAL"), notify("FORECASTED")],
    });
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: "BudgetsMayNotify",
        principals: [new iam.ServicePrincipal("budgets.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": this.account } },
      }),
    );
  }
}

/** Seconds that the oldest waiting job has waited; see `queue-age.lambda.ts`. */
function queueAge({ name }: Deployment): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: "Edgewise",
    metricName: "QueueAge",
    dimensionsMap: { Deployment: name },
    statistic: "Maximum",
    period: Duration.minutes(15),
    label: "seconds that a job has waited",
  });
}

/** A metric that the functions write to their log; see `task-context.lambda.ts`. */
function qualityMetric(metricName: string, model: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: "Edgewise",
    metricName,
    dimensionsMap: { Model: model },
    statistic: "Maximum",
    period: Duration.days(1),
    label: `${model}: ${metricName}`,
  });
}
