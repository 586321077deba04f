import type { Duration } from "aws-cdk-lib";
import type * as batch from "aws-cdk-lib/aws-batch";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import type { DecisionTask, JobTask, ReleaseTask } from "../../shared/contract/pipeline.ts";
import { failurePath } from "./failure-path.ts";
import { RetrainStates, type RetrainStatesProps } from "./retrain-states.ts";

/** A job definition and how long an attempt may run. */
export interface JobOfMachine {
  readonly definition: batch.IJobDefinition;
  readonly timeout: Duration;
}

/** What the machine is made of. */
export interface RetrainDefinitionProps extends RetrainStatesProps {
  readonly jobs: Readonly<Record<JobTask, JobOfMachine>>;
}

/**
 * The retraining of one model, from new images to a promoted version:
 * take reviewed feedback, validate (inspect, audit) -> train -> evaluate -> gate -> publish -> canary -> promote or roll back -> notify.
 * Where nothing is new, the champion is measured again. Whatever fails ends in the same way: a canary is taken back,
 * the lock is given back, people are told, the execution fails.
 */
export function retrainDefinition(scope: Construct, props: RetrainDefinitionProps): sfn.IChainable {
  const states = new RetrainStates(scope, "States", props);
  const { recover, giveUp } = failurePath(scope, states);
  const steps = stepsOf(scope, states, props, recover);
  const begin = states.begin();
  begin.addCatch(giveUp, { errors: ["States.ALL"], resultPath: "$.failure" });

  const again = steps
    .choice("Again?")
    .when(isTrue("$.report.again"), begin)
    .otherwise(new sfn.Succeed(scope, "Done"));
  const notify = steps.guarded(states.notifyReport("Notify")).next(again);
  const finish = steps
    .decide("Finish", "finish", "$.report")
    .next(steps.choice("Tell?").when(isTrue("$.report.notify"), notify).otherwise(again));
  const reevaluate = steps
    .job("Reevaluate", "evaluate")
    .next(steps.decide("JudgeChampion", "judge-champion", "$.quality"))
    .next(finish);
  const look = steps
    .release("CollectFeedback", "collect", "$.feedback")
    .next(steps.decide("Inspect", "inspect", "$.inspection"))
    .next(
      steps
        .choice("EnoughNewData?")
        .when(is("$.inspection.decision", "train"), trainingPath(steps, finish))
        .when(is("$.inspection.decision", "reevaluate"), reevaluate)
        .otherwise(finish),
    );
  return begin.next(
    steps.choice("Alone?").when(is("$.run.outcome", "busy"), new sfn.Succeed(scope, "Busy")).otherwise(look),
  );
}

/** From new images to a version that has won against the champion. */
function trainingPath(steps: Steps, finish: sfn.IChainable): sfn.IChainable {
  const train = steps
    .job("Train", "train")
    .next(steps.job("Evaluate", "evaluate"))
    .next(steps.decide("Gate", "gate", "$.gate"))
    .next(
      steps
        .choice("ChallengerWins?")
        .when(isTrue("$.gate.promote"), releasePath(steps, finish))
        .otherwise(finish),
    );
  return steps
    .job("Audit", "audit")
    .next(steps.decide("JudgeData", "judge-data", "$.data"))
    .next(steps.choice("SoundData?").when(isTrue("$.data.sound"), train).otherwise(finish));
}

/** From a version that has won to one that serves all, or is taken back. */
function releasePath(steps: Steps, finish: sfn.IChainable): sfn.IChainable {
  const promote = steps.release("Promote", "promote", "$.promotion").next(finish);
  const rollBack = steps.release("RollBack", "roll-back", "$.promotion").next(finish);
  const wait = new sfn.Wait(steps.scope, "WaitForCanary", {
    time: sfn.WaitTime.secondsPath("$.canary.waitSeconds"),
  });
  wait
    .next(steps.release("GuardMetrics", "guard", "$.guard"))
    .next(
      steps
        .choice("CanaryPassed?")
        .when(is("$.guard.verdict", "wait"), wait)
        .when(is("$.guard.verdict", "promote"), promote)
        .otherwise(rollBack),
    );
  return steps
    .release("Publish", "publish", "$.publication")
    .next(steps.release("StartCanary", "start-canary", "$.canary"))
    .next(steps.choice("Canary?").when(is("$.canary.kind", "direct"), promote).otherwise(wait));
}

/** Makes states that recover from whatever fails. */
interface Steps {
  readonly scope: Construct;
  guarded<T extends sfn.TaskStateBase | sfn.CustomState>(state: T): T;
  choice(id: string): sfn.Choice;
  decide(id: string, task: DecisionTask, resultPath: string): sfn.TaskStateBase;
  release(id: string, task: ReleaseTask, resultPath: string): sfn.TaskStateBase;
  job(id: string, task: JobTask): sfn.CustomState;
}

function stepsOf(
  scope: Construct,
  states: RetrainStates,
  { jobs }: RetrainDefinitionProps,
  recover: sfn.IChainable,
): Steps {
  function guarded<T extends sfn.TaskStateBase | sfn.CustomState>(state: T): T {
    state.addCatch(recover, { errors: ["States.ALL"], resultPath: "$.failure" });
    return state;
  }
  return {
    scope,
    guarded,
    choice: (id) => new sfn.Choice(scope, id),
    decide: (id, task, resultPath) => guarded(states.decide(id, task, resultPath)),
    release: (id, task, resultPath) => guarded(states.release(id, task, resultPath)),
    job: (id, task) => guarded(states.job(id, jobs[task].definition, jobs[task].timeout)),
  };
}

function is(path: string, value: string): sfn.Condition {
  return sfn.Condition.stringEquals(path, value);
}

function isTrue(path: string): sfn.Condition {
  return sfn.Condition.booleanEquals(path, true);
}
