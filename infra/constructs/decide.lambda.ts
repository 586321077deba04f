import { asTaskError } from "../../trainer/pipeline/task-error.ts";
import { runDecisionTask } from "../../trainer/pipeline/tasks.ts";
import { createPipelineContext } from "./task-context.lambda.ts";

/** Tasks that decide; see `trainer/pipeline/tasks.ts`. @param event the parameters of the state */
export async function handler(event: unknown): Promise<unknown> {
  try {
    return await runDecisionTask(createPipelineContext(process.env), event);
  } catch (error) {
    throw asTaskError(error);
  }
}
