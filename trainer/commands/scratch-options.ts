import { type Command, InvalidArgumentError, Option } from "commander";
import { type Architecture, architectures } from "../model/build-model.ts";
import { augmentations, type PlanRequest } from "../training/defaults.ts";
import { type Augmentation, optimizers, schedules } from "../training/config.ts";
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
  readonly optimizer?: (typeof optimizers)[number];
  readonly learningRate?: number;
  readonly weightDecay?: number;
  readonly labelSmoothing?: number;
  readonly schedule?: (typeof schedules)[number];
  readonly gradientClip?: number;
  readonly partSize?: number;
  readonly mixup?: number;
  readonly cutmix?: number;
  readonly cutout?: number;
}

/** Gives a command the options of nets that are trained from nothing. */
export function withScratchOptions(command: Command): Command {
  return withChanges(command)
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
    .option(
      "--averaging <share>",
      "keep a running average of the weights, such as 0.99, from scratch",
      parseShare,
    )
    .option("--batch-size <images>", "images a step, from scratch (default: 32)", parsePositive)
    .addOption(
      new Option("--optimizer <name>", "muon learns in fewer passes, from scratch (default: adam)").choices(
        optimizers,
      ),
    )
    .option(
      "--learning-rate <rate>",
      "highest of the schedule, from scratch (default: 0.005, of muon 0.035)",
      parseShare,
    )
    .option(
      "--weight-decay <share>",
      "of a step at a learning rate of 1, from scratch (default: 0.05)",
      parseShare,
    )
    .option(
      "--label-smoothing <share>",
      "of each label spread over all classes, from scratch (default: 0.05)",
      parseShare,
    )
    .addOption(
      new Option("--schedule <name>", "of the learning rate, from scratch (default: cosine)").choices(
        schedules,
      ),
    )
    .option("--gradient-clip <length>", "longest gradient of all weights together, from scratch", parseLength)
    .option(
      "--part-size <images>",
      "of a batch, computed at once: less takes less memory (default: 16 where those fit)",
      parsePositive,
    );
}

/** Random changes of the training images. */
function withChanges(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--augment <strength>",
        "random changes of the training images, from scratch (default: light)",
      ).choices(Object.keys(augmentations)),
    )
    .option(
      "--mixup <share>",
      "largest share of another image mixed in, up to 0.5, from scratch",
      shareUpTo(0.5),
    )
    .option("--cutmix <share>", "largest area another image covers, up to 0.5, from scratch", shareUpTo(0.5))
    .option(
      "--cutout <share>",
      "side of a grey square on each image, up to 0.75, from scratch",
      shareUpTo(0.75),
    );
}

/** What these options fix of a net from scratch. */
export function scratchRequest(options: ScratchOptions): PlanRequest {
  const { epochs, architecture, size, width, averaging } = options;
  const { batchSize, optimizer, learningRate, weightDecay, labelSmoothing } = options;
  const net = { architecture, size, width };
  const { schedule, gradientClip, partSize } = options;
  const rates = { batchSize, optimizer, learningRate, weightDecay, labelSmoothing };
  return {
    ...net,
    ...rates,
    schedule,
    gradientClip,
    partSize,
    epochs,
    augmentation: augmentationOf(options),
    averaging,
  };
}

/** A preset with the changes that are asked for by themselves; the default one where they are all. */
function augmentationOf({ augment, mixup, cutmix, cutout }: ScratchOptions): Augmentation | undefined {
  const asked = Object.entries({ mixup, cutmix, cutout }).filter(([, share]) => share !== undefined);
  if (augment === undefined && asked.length === 0) return undefined;
  return { ...augmentations[augment ?? "light"], ...Object.fromEntries(asked) };
}

function parseLength(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError(`got "${text}"; a number above 0 is needed.`);
  return value;
}

/** Parses a number between 0 and 1, exclusive. @throws InvalidArgumentError */
export function parseShare(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1))
    throw new InvalidArgumentError(`got "${text}"; a number between 0 and 1 is needed.`);
  return value;
}

/** Parses a number above 0 and not above `most`. */
function shareUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > 0 && value <= most) return value;
    throw new InvalidArgumentError(`got "${text}"; a number above 0 and up to ${most} is needed.`);
  };
}

function parseFactor(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 4))
    throw new InvalidArgumentError(`got "${text}"; a number from 0.1 to 4 is needed.`);
  return value;
}
