import { Command } from "commander";
import { addBackbonesCommands } from "./backbones.ts";
import { addBridgeCommand } from "./bridge.ts";
import { addCamerasCommands } from "./cameras.ts";
import { addCopyCommand } from "./copy.ts";
import { addDatasetCommands } from "./dataset.ts";
import { addEvaluateCommand } from "./evaluate.ts";
import { addExportCommand } from "./export.ts";
import { addImportCommand } from "./import.ts";
import { addKeysCommands } from "./keys.ts";
import { addModelsCommand } from "./models.ts";
import { addPipelineCommands } from "./pipeline.ts";
import { addPredictCommand } from "./predict.ts";
import { addPromoteCommand, addRollbackCommand } from "./promote.ts";
import { addPublishCommand } from "./publish.ts";
import { addReportCommand } from "./report.ts";
import { addRunsCommand } from "./runs.ts";
import { addServeCommand } from "./serve.ts";
import { addSimulateCommand } from "./simulate.ts";
import { addStartCommand } from "./start.ts";
import { addTrainCommand } from "./train.ts";

/** The whole command line; wrong usage throws a CommanderError after saying what was wrong. */
export function createProgram(): Command {
  const program = new Command("edgewise")
    .description("Train an image classifier from labelled images and serve it from edge workers.")
    .configureOutput({ outputError: (message, write) => write(describeUsageError(message)) })
    .exitOverride();
  for (const add of [
    addStartCommand,
    addTrainCommand,
    addDatasetCommands,
    addEvaluateCommand,
    addReportCommand,
    addRunsCommand,
    addPredictCommand,
    addModelsCommand,
    addPublishCommand,
    addCopyCommand,
    addImportCommand,
    addExportCommand,
    addBackbonesCommands,
    addPromoteCommand,
    addRollbackCommand,
    addServeCommand,
    addCamerasCommands,
    addBridgeCommand,
    addSimulateCommand,
    addKeysCommands,
    addPipelineCommands,
  ]) {
    add(program);
  }
  return program;
}

/** One line in the form of every other failure; commander's own are "error: ..." and may have a suggestion below. */
function describeUsageError(message: string): string {
  const line = message
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\.?\n/g, " ")
    .replace(/\.$/, "");
  return `edgewise: invalid_argument: ${line}; add --help for options and examples\n`;
}
