import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import type { RetrainStates } from "./retrain-states.ts";

/** What happens after a failure. */
export interface FailurePath {
  /** Once a run has begun: takes a canary back, gives the lock back, tells people. */
  readonly recover: sfn.IChainable;
  /** Before that, or when recovering fails too: tells people. */
  readonly giveUp: sfn.IChainable;
}

/** The states after a failure, which `$.failure` describes; the execution always ends as failed. */
export function failurePath(scope: Construct, states: RetrainStates): FailurePath {
  const failed = new sfn.Fail(scope, "Failed", {
    errorPath: sfn.JsonPath.stringAt("$.failure.Error"),
    causePath: sfn.JsonPath.stringAt("$.failure.Cause"),
  });
  const untold = { errors: ["States.ALL"], resultPath: "$.untold" };
  const giveUp = states.notifyFailure("NotifyBroken").addCatch(failed, untold);
  giveUp.next(failed);
  const notify = states.notifyReport("NotifyFailure").addCatch(failed, untold);
  notify.next(failed);
  // From here on another failure does not replace the first one, which is what people want to know.
  const finish = states
    .decide("FinishFailed", "finish", "$.report", { failure: sfn.JsonPath.objectAt("$.failure") })
    .addCatch(giveUp, { errors: ["States.ALL"], resultPath: "$.unfinished" });
  finish.next(notify);
  const takeBack = states
    .release("TakeBack", "roll-back", "$.promotion")
    .addCatch(finish, { errors: ["States.ALL"], resultPath: "$.notTakenBack" });
  takeBack.next(finish);
  return { recover: takeBack, giveUp };
}
