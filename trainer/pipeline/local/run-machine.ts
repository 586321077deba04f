import { StateMachine } from "aws-local-stepfunctions";
import * as z from "zod/mini";
import type { RetrainRequest } from "../../../shared/contract/pipeline.ts";
import type { PipelineMachine } from "../../../shared/contract/pipeline-machine.ts";
import { localExecution } from "./local-execution.ts";
import { type LocalPlace, type LocalTeller, localTasks } from "./local-tasks.ts";

/** A run of the pipeline on this machine. */
export interface LocalRun {
  readonly machine: PipelineMachine;
  readonly place: LocalPlace;
  readonly request: RetrainRequest;
  /** Aborts the run: tasks under way are ended as AWS would end them. */
  readonly signal: AbortSignal;
  /** Seconds to wait instead of what the settings say, for tests. */
  readonly waitSeconds?: number;
}

/** How a run ended. */
export interface LocalRunEnd {
  readonly execution: string;
  /** Name of the last state: `Done`, `Busy`, or `Failed`. */
  readonly ended: "succeeded" | "failed" | "aborted";
  /** What `finish` found; `null` when it did not come so far. */
  readonly report: { readonly outcome: string; readonly subject: string; readonly message: string } | null;
  readonly runId: string | null;
  /** Names of the states, in the order they were entered. */
  readonly states: readonly string[];
  /** Why it failed. */
  readonly failure: string | null;
}

const outputSchema = z.looseObject({
  run: z.optional(z.looseObject({ runId: z.string() })),
  report: z.optional(z.looseObject({ outcome: z.string(), subject: z.string(), message: z.string() })),
});

/** Executes the synthesised state machine once, its tasks as processes of this machine. */
export async function runMachine(run: LocalRun, teller: LocalTeller): Promise<LocalRunEnd> {
  const { machine, place, request, signal, waitSeconds } = run;
  const execution = await localExecution();
  // The schema has checked what the library's own type says in more words.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const definition = machine.definition as unknown as ConstructorParameters<typeof StateMachine>[0];
  const stateMachine = new StateMachine(definition, { validationOptions: { checkArn: false } });
  const input = JSON.parse(JSON.stringify(request));
  const waits = Object.entries(definition.States).filter(([, state]) => state.Type === "Wait");
  const { result, abort, eventLogs } = stateMachine.run(input, {
    overrides: {
      taskResourceLocalHandlers: localTasks({ machine, place, teller, signal }),
      ...(waitSeconds === undefined
        ? {}
        : { waitTimeOverrides: Object.fromEntries(waits.map(([name]) => [name, waitSeconds * 1000])) }),
    },
    context: {
      Execution: { Id: execution, Input: input, Name: execution, StartTime: new Date().toISOString() },
    },
    noThrowOnAbort: true,
  });
  signal.addEventListener("abort", abort, { once: true });
  const states: string[] = [];
  let latest: z.infer<typeof outputSchema> = {};
  const watching = (async () => {
    for await (const event of eventLogs) {
      if (event.type === "StateEntered") states.push(event.state.name);
      if (event.type === "StateExited") latest = readOutput(event.state.output, latest);
    }
  })();
  let failure: string | null = null;
  try {
    await result;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    signal.removeEventListener("abort", abort);
    await watching;
  }
  return {
    execution,
    ended: signal.aborted ? "aborted" : failure === null ? "succeeded" : "failed",
    report: latest.report ?? null,
    runId: latest.run?.runId ?? null,
    states,
    failure,
  };
}

function readOutput(value: unknown, before: z.infer<typeof outputSchema>): z.infer<typeof outputSchema> {
  const parsed = z.safeParse(outputSchema, value);
  return parsed.success ? { ...before, ...parsed.data } : before;
}
