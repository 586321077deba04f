import { asTaskError } from "../../trainer/pipeline/task-error.ts";
import { runReleaseTask } from "../../trainer/pipeline/tasks.ts";
import { createReleaseContext } from "./task-context.lambda.ts";

/** Tasks that write published models; see `trainer/pipeline/tasks.ts`. @param event the parameters of the state */
export async function handler(event: unknown): Promise<unknown> {
  try {
    return await runReleaseTask(await createReleaseContext(process.env), event);
  } catch (error) {
    throw asTaskError(error);
  }
}
