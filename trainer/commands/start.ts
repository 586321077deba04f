import type { Command } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { loadCodec } from "../assets.ts";
import { evaluateBundle } from "../evaluation/evaluate-bundle.ts";
import { type LabelledImage, splitImages } from "../evaluation/labelled-image.ts";
import { reportRun } from "../job/report-run.ts";
import { type JobResult, runJob } from "../job/run-job.ts";
import type { Reporter } from "../job/reporter.ts";
import { openPublished } from "../release/load-published.ts";
import { requireFreePort } from "../serving/free-port.ts";
import { compareServed, type ServedAgreement } from "../serving/served-agreement.ts";
import { describeCurl, openWarning } from "../serving/access.ts";
import { openStore } from "../storage/open-store.ts";
import { abortOnSignal, untilAborted } from "../terminal/interrupt.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { percent } from "../terminal/table.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { parsePort, withCommonOptions } from "./common-options.ts";
import {
  describeJob,
  jobRequest,
  jobSummary,
  type JobOptions,
  terminalReporter,
  withJobOptions,
} from "./job-options.ts";

interface StartOptions extends JobOptions {
  readonly once: boolean;
  readonly port: number;
}

const host = "127.0.0.1";

/** Adds `start`: the main job from images to a serving Worker, and the proof that it serves what was evaluated. */
export function addStartCommand(program: Command): void {
  const command = withJobOptions(
    program
      .command("start")
      .description("train a model, serve it from an edge Worker on this machine, and compare the two")
      .option("--once", "exit after the comparison: 0 when every served answer agrees", false)
      .option("--port <number>", "port of the Worker, 0 for any free one", parsePort, 8787),
  );
  withCommonOptions(command, [
    "npm start",
    "npm start -- --data photos.zip",
    "npm start -- --data photos/ --limit 5000 --once --json",
  ]).action(async (options: StartOptions) => {
    const output = createOutput(options.json);
    const reporter = terminalReporter(output);
    const store = await openStore(options.store);
    const request = jobRequest(options, { alias: defaultAlias, by: "edgewise start" });
    await requireFreePort({ host, port: options.port });
    const signal = abortOnSignal(output.say);
    const job = await runJob(request, store, reporter, signal);
    if (signal.aborted) throw interrupted(job);
    let compared = false;
    // Wrangler takes a second to load; --help need not wait for it.
    const { openServing } = await import("../serving/serving.ts");
    const serving = await openServing(store, {
      port: options.port,
      host,
      open: true,
      model: options.model,
      say: output.say,
      sayRoutine: (line) => {
        // The requests of the comparison have a bar of their own.
        if (compared) output.say(line);
      },
    });
    try {
      const agreement = await compareWithBundle(job, store, serving.url, reporter);
      report(job, agreement, serving.url, output);
      const { servedAgreement, top1Accuracy: served } = agreement;
      output.result({ ...jobSummary(job, { served }), servedAgreement });
      if (servedAgreement < 1) throw disagreement(agreement);
      if (options.report) await reportRun(job, store, reporter);
      if (options.once) return;
      output.say(openWarning);
      output.say("serving until Ctrl-C");
      compared = true;
      await untilAborted(signal);
    } finally {
      await serving.stop();
    }
  });
}

/** Has the published bundle and the Worker classify the held-out images, and compares every probability. */
async function compareWithBundle(
  job: JobResult,
  store: ObjectStore,
  url: string,
  reporter: Reporter,
): Promise<ServedAgreement> {
  const { model, version, labels } = job.manifest;
  const images: readonly LabelledImage[] = splitImages(job.dataset, "test");
  const { classifier } = await openPublished(store, model, version, loadCodec());
  const bar = reporter.progress("serve");
  try {
    const { probabilities } = await evaluateBundle(classifier, images);
    const evaluated = { version, probabilities, classes: labels.length };
    return await compareServed(url, images, evaluated, (done, total) => bar.update(done, total));
  } finally {
    bar.end();
    classifier.dispose();
  }
}

function report(job: JobResult, agreement: ServedAgreement, url: string, output: Output): void {
  for (const line of describeJob(job)) output.answer(line);
  output.answer(
    `served over HTTP: ${percent(agreement.top1Accuracy)} top-1 on ${agreement.images} held-out images, ` +
      `${percent(agreement.servedAgreement)} of the answers the evaluated bundle's ` +
      `(largest difference ${agreement.maxProbabilityDelta.toExponential(1)})`,
  );
  output.answer(describeCurl(url, true));
  output.answer(`  console: ${url}/`);
}

function interrupted({ manifest }: JobResult): AppError {
  return new AppError(
    "interrupted",
    `interrupted before it served; ${manifest.model} ${manifest.version} is published, \`edgewise serve\` serves it`,
  );
}

function disagreement({ disagreeing, maxProbabilityDelta, images }: ServedAgreement): AppError {
  return new AppError(
    "self_test_failed",
    `${disagreeing.length} of ${images} served answers differ from the evaluated bundle's, by up to ` +
      `${maxProbabilityDelta.toExponential(1)}: ${disagreeing.slice(0, 3).join(", ")}; do not serve this version`,
  );
}
