import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { AppError } from "../../../shared/contract/errors.ts";
import { parseJsonWith } from "../../../shared/contract/parse.ts";
import { type PipelineMachine, pipelineMachineSchema } from "../../../shared/contract/pipeline-machine.ts";

/** The machine that infra synthesises; a test of infra's compares the two. */
export const machineFile = fileURLToPath(new URL("machine.json", import.meta.url));

/** Reads a synthesised machine. @throws invalid_argument when the file cannot be read or is none */
export async function loadMachine(path: string = machineFile): Promise<PipelineMachine> {
  try {
    return parseJsonWith(pipelineMachineSchema, await readFile(path, "utf8"), `pipeline ${path}`);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("invalid_argument", `cannot read the pipeline ${path}; run npm run synth to make it`, {
      cause,
    });
  }
}
