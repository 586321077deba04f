import { type Command, InvalidArgumentError, Option } from "commander";
import { type Architecture, architectures } from "../model/build-model.ts";
import { augmentations, type PlanRequest } from "../training/defaults.ts";
import { parsePositive } from "./common-options.ts";

/** What the options of {@link withScratchOptions} give. */
export interface ScratchOptions {
  readonly epochs?: number;
  readonly architecture?: Architecture;
  readonly size?: number;
  readonly width?: number;
  readonly augment?: keyof typeof augmentations;
  readonly averaging?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly weightDecay?: number;
  readonly labelSmoothing?: number;
}

/** Gives a command the options of nets that are trained from nothing. */
export function withScratchOptions(command: Command): Command {
  return command
    .option(
      "--epochs <number>",
      "most passes over the training images, from scratch (default: by the data)",
      parsePositive,
    )
    .addOption(
      new Option("--architecture <name>", "the net, from scratch (default: by the data)").choices(
        architectures,
      ),
    )
    .option("--size <pixels>", "side of the net's input (default: by the data)", parsePositive)
    .option(
      "--width <factor>",
      "multiplies the net's channels, from scratch (default: by the net)",
      parseFactor,
    )
    .addOption(
      new Option(
        "--augment <strength>",
        "random changes of the training images, from scratch (default: light)",
      ).choices(Object.keys(augmentations)),
    )
    .option(
      "--averaging <share>",
      "keep a running average of the weights, such as 0.99, from scratch",
      parseShare,
    )
    .option("--batch-size <images>", "images a step, from scratch (default: 32)", parsePositive)
    .option("--learning-rate <rate>", "highest of the schedule, from scratch (default: 0.005)", parseShare)
    .option(
      "--weight-decay <share>",
      "of a step at a learning rate of 1, from scratch (default: 0.05)",
      parseShare,
    )
    .option(
      "--label-smoothing <share>",
      "of each label spread over all classes, from scratch (default: 0.05)",
      parseShare,
    );
}

/** What these options fix of a net from scratch. */
export function scratchRequest(options: ScratchOptions): PlanRequest {
  const { epochs, architecture, size, width, averaging } = options;
  const { batchSize, learningRate, weightDecay, labelSmoothing } = options;
  const augmentation = options.augment === undefined ? undefined : augmentations[options.augment];
  const net = { architecture, size, width };
  const rates = { batchSize, learningRate, weightDecay, labelSmoothing };
  return { ...net, ...rates, epochs, augmentation, averaging };
}

/** Parses a number between 0 and 1, exclusive. @throws InvalidArgumentError */
export function parseShare(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1))
    throw new InvalidArgumentError(`got "${text}"; a number between 0 and 1 is needed.`);
  return value;
}

function parseFactor(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 4))
    throw new InvalidArgumentError(`got "${text}"; a number from 0.1 to 4 is needed.`);
  return value;
}
