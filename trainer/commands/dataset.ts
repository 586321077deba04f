import type { Command } from "commander";
import { type DatasetManifest, splits } from "../../shared/contract/dataset.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { type IndexedDataset, countBySplit } from "../data/dataset-index.ts";
import { latestDataset, uploadDataset } from "../data/dataset-store.ts";
import { makeSampleDataset } from "../data/sample/make-sample-dataset.ts";
import { describeSources, indexWithProgress, openFeedback, recordDataset } from "../job/open-dataset.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { createProgress } from "../terminal/progress.ts";
import { table } from "../terminal/table.ts";
import { addAuditCommand } from "./audit.ts";
import {
  type CommonOptions,
  groupByHelp,
  parseGrouping,
  parseName,
  parsePositive,
  withCommonOptions,
} from "./common-options.ts";
import { cacheRootOf, feedbackHelp } from "./job-options.ts";

interface MakeOptions extends CommonOptions {
  readonly images: number;
}

interface IndexOptions extends CommonOptions {
  readonly name?: string;
  readonly limit?: number;
  readonly groupBy?: string;
  readonly feedback: boolean;
  readonly cache?: string;
}

/** Adds `dataset` with `make`, `index`, `upload`, `inspect` and `audit`. */
export function addDatasetCommands(program: Command): void {
  const dataset = program
    .command("dataset")
    .description("make, audit, index, upload and inspect labelled images");
  addMake(dataset);
  addIndex(dataset);
  addUpload(dataset);
  addInspect(dataset);
  addAuditCommand(dataset);
}

function addMake(dataset: Command): void {
  const command = dataset
    .command("make")
    .description("draw the sample dataset: scenes of a security camera in four classes")
    .argument("<folder>", "a folder that does not exist yet")
    .option("--images <number>", "how many images, the same of every class", parsePositive, 1600);
  withCommonOptions(command, [
    "npm run edgewise -- dataset make scenes",
    "npm run edgewise -- dataset make scenes --images 4000 --seed 7",
  ]).action(async (folder: string, { images, seed, json }: MakeOptions) => {
    const output = createOutput(json);
    const bar = createProgress("draw");
    try {
      await makeSampleDataset({
        root: folder,
        seed,
        images,
        onProgress: (done, total) => bar.update(done, total),
      });
    } finally {
      bar.end();
    }
    output.answer(`drew ${images} images to ${folder}`);
    output.result({ path: folder, images, seed });
  });
}

function addIndex(dataset: Command): void {
  const command = withIndexOptions(
    dataset.command("index").description("index labelled images and record the manifest in the store"),
  );
  withCommonOptions(command, [
    "npm run edgewise -- dataset index photos/",
    "npm run edgewise -- dataset index photos.zip --name gate --json",
  ]).action(async (path: string, options: IndexOptions) => {
    const output = createOutput(options.json);
    const { manifest } = await openIndex(path, options);
    await recordDataset(await openStore(options.store), manifest);
    for (const line of describeManifest(manifest)) output.answer(line);
    const key = objectKeys.datasetManifest(manifest.dataset, manifest.datasetVersion);
    output.answer(`recorded as ${key}`);
    output.result({ ...summary(manifest), key });
  });
}

function addUpload(dataset: Command): void {
  const command = withIndexOptions(
    dataset
      .command("upload")
      .description(
        "put labelled images into the store, their manifest last; the retraining pipeline takes them",
      ),
  );
  withCommonOptions(command, [
    "npm run edgewise -- dataset upload photos/ --name gate --store s3://edgewise-record",
    "npm run edgewise -- dataset upload photos.zip --name gate",
  ]).action(async (path: string, options: IndexOptions) => {
    const output = createOutput(options.json);
    const store = await openStore(options.store);
    // Images that are known stay in their splits, so that champions and challengers meet the same test images.
    const previous = options.name === undefined ? null : await latestDataset(store, options.name);
    const indexed = await openIndex(path, options, previous ?? undefined);
    const bar = createProgress("upload");
    try {
      const key = await uploadDataset(store, indexed, (done, total) => bar.update(done, total));
      bar.end();
      for (const line of describeManifest(indexed.manifest)) output.answer(line);
      output.answer(`uploaded as ${key}`);
      output.result({ ...summary(indexed.manifest), key });
    } finally {
      bar.end();
    }
  });
}

function addInspect(dataset: Command): void {
  const command = withIndexOptions(
    dataset
      .command("inspect")
      .description("show what a labelled folder or archive holds, without recording it"),
  );
  withCommonOptions(command, [
    "npm run edgewise -- dataset inspect photos/",
    "npm run edgewise -- dataset inspect photos.tar.gz --limit 1000 --json",
  ]).action(async (path: string, options: IndexOptions) => {
    const output = createOutput(options.json);
    const { manifest } = await openIndex(path, options);
    for (const line of describeManifest(manifest)) output.answer(line);
    output.result({ ...summary(manifest), skippedFiles: manifest.skipped });
  });
}

function withIndexOptions(command: Command): Command {
  return command
    .argument("<path>", "folder of class folders, or a .zip or .tar.gz of one")
    .option("--name <name>", "name of the dataset (default: by the path)", parseName)
    .option("--limit <images>", "take at most so many images, drawn fairly from every class", parsePositive)
    .option(
      "--group-by <what>",
      `${groupByHelp} (default: as in the version before that \`upload\` finds, else none)`,
      parseGrouping,
    )
    .option("--feedback", feedbackHelp, false)
    .option("--cache <folder>", "what is unpacked goes here (default: beside the store)");
}

async function openIndex(
  path: string,
  options: IndexOptions,
  previous?: DatasetManifest,
): Promise<IndexedDataset> {
  const cacheRoot = cacheRootOf(options);
  const source = options.feedback
    ? { store: await openStore(options.store), model: options.model }
    : undefined;
  const feedback = await openFeedback(source, cacheRoot);
  return indexWithProgress(
    {
      path,
      previous,
      cacheRoot,
      feedback,
      name: options.name,
      groupBy: options.groupBy,
      draw: options.limit === undefined ? undefined : { limit: options.limit, seed: options.seed },
    },
    createProgress,
  );
}

function describeManifest(manifest: DatasetManifest): string[] {
  const { dataset, datasetVersion, labels, images, skipped } = manifest;
  const count = (label: string, split?: string): string =>
    String(images.filter((image) => image.label === label && (split ?? image.split) === image.split).length);
  const rows = labels.map((label) => [label, count(label), ...splits.map((split) => count(label, split))]);
  const sides = images.map((image) => Math.min(image.width, image.height)).toSorted((a, b) => a - b);
  return [
    `${dataset} ${datasetVersion}: ${images.length} images, shorter side ${sides[0] ?? 0} to ${sides.at(-1) ?? 0} px`,
    ...table([["class", "images", ...splits], ...rows]).map((line) => `  ${line}`),
    ...(manifest.groupBy === undefined ? [] : [describeSources(manifest)]),
    ...skipped.map(({ path, reason }) => `skipped ${path}: ${reason}`),
  ];
}

function summary(manifest: DatasetManifest): Record<string, unknown> {
  const { dataset, datasetVersion, digest, groupBy = "none", labels, images, skipped } = manifest;
  return {
    dataset,
    groupBy,
    datasetVersion,
    digest,
    labels,
    images: images.length,
    splits: countBySplit(manifest),
    skipped: skipped.length,
  };
}
