import { createToken, hasMakerEnded } from "../../storage/process-token.ts";

const prefix = "local:";

/** A name for an execution by this process; others can tell by it whether it still runs. */
export async function localExecution(): Promise<string> {
  return `${prefix}${await createToken()}`;
}

/** Whether an execution is under way; one of another machine counts as running until its lock ends. */
export async function isLocalExecutionRunning(execution: string): Promise<boolean> {
  if (!execution.startsWith(prefix)) return true;
  return !(await hasMakerEnded(execution.slice(prefix.length), 0));
}
