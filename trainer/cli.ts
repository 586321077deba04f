import { CommanderError } from "commander";
import { isAppError } from "../shared/contract/errors.ts";
import { createProgram } from "./commands/program.ts";
import { describeFailure } from "./terminal/output.ts";

const exitCodes = { failure: 1, usage: 2 } as const;

// `edgewise … | head` closes the pipe early: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await runCli(process.argv);

/** Runs one command and gives its exit code: 0 done, 1 an expected failure, 2 wrong usage. */
async function runCli(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv);
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    // Commander has already said what was wrong with the words of the command.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    process.stderr.write(`edgewise: ${describeFailure(error, argv.includes("--verbose"))}\n`);
    return isAppError(error, "invalid_argument") ? exitCodes.usage : exitCodes.failure;
  }
}
