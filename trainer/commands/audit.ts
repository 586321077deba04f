import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { auditDataset } from "../audit/audit-dataset.ts";
import { renderAudit } from "../audit/audit-page.ts";
import { type Audit, auditChecks, countBySeverity, type Finding } from "../audit/finding.ts";
import { createOutput } from "../terminal/output.ts";
import { createPhaseProgress, createProgress } from "../terminal/progress.ts";
import { table } from "../terminal/table.ts";
import { type CommonOptions, groupByHelp, parseGrouping, withCommonOptions } from "./common-options.ts";
import { cacheRootOf } from "./job-options.ts";

interface AuditOptions extends CommonOptions {
  readonly out?: string;
  readonly failOn: "error" | "warning" | "nothing";
  readonly groupBy?: string;
  readonly cache?: string;
}

/** Adds `dataset audit`: what spoils a dataset, before it is trained on. */
export function addAuditCommand(dataset: Command): void {
  const command = dataset
    .command("audit")
    .description(
      "look for copies, wrong labels, unreadable and spoilt images, and sources that training would split; changes no file",
    )
    .argument("<path>", "folder of class folders, or a .zip or .tar.gz of one")
    .option("--out <folder>", "write findings.json and audit.html, with pictures, to this folder")
    .addOption(
      new Option("--fail-on <severity>", "exit 1 when something this bad is found")
        .choices(["error", "warning", "nothing"])
        .default("nothing"),
    )
    .option("--group-by <what>", `${groupByHelp} (default: none)`, parseGrouping)
    .option("--cache <folder>", "what is unpacked goes here (default: beside the store)");
  withCommonOptions(command, [
    "npm run edgewise -- dataset audit photos/ --out audit/",
    "npm run edgewise -- dataset audit photos.zip --fail-on error --json",
    "npm run edgewise -- dataset audit photos/ --group-by sequence",
    "EDGEWISE_BACKBONES=models/ npm run edgewise -- dataset audit photos/",
  ]).action(audit);
}

async function audit(path: string, options: AuditOptions): Promise<void> {
  const output = createOutput(options.json);
  const bars = createPhaseProgress(createProgress);
  const audited = await auditDataset({
    path,
    cacheRoot: cacheRootOf(options),
    seed: options.seed,
    groupBy: options.groupBy,
    onProgress: bars.update,
  }).finally(() => bars.end());
  for (const line of describeAudit(audited.audit)) output.answer(line);
  if (options.out !== undefined) {
    await mkdir(options.out, { recursive: true });
    await writeFile(join(options.out, "findings.json"), `${JSON.stringify(audited.audit, null, 2)}\n`);
    await writeFile(join(options.out, "audit.html"), await renderAudit(audited));
    output.answer(`with pictures: ${join(options.out, "audit.html")}`);
  }
  output.result({ ...audited.audit, counts: countBySeverity(audited.audit.findings) });
  gate(audited.audit.findings, options.failOn);
}

/** @throws invalid_dataset when something as bad as `failOn` was found */
function gate(findings: readonly Finding[], failOn: AuditOptions["failOn"]): void {
  const { error, warning } = countBySeverity(findings);
  const bad = { error, warning: error + warning, nothing: 0 }[failOn];
  if (bad === 0) return;
  throw new AppError(
    "invalid_dataset",
    `the audit has ${error} errors and ${warning} warnings; repair what it names, or gate with another --fail-on`,
  );
}

/** The audit as lines for people: one a check, with its first image. */
function describeAudit({ images, classes, features, judgedLabels, findings }: Audit): string[] {
  const rows = auditChecks.flatMap((check): string[][] => {
    const own = findings.filter((finding) => finding.check === check);
    const [first] = own;
    if (first === undefined) return [];
    const named = own.reduce((sum, finding) => sum + finding.images.length, 0);
    const example = first.images[0];
    return [
      [
        first.severity,
        check,
        String(own.length),
        named === 0 ? "-" : String(named),
        example?.path ?? first.message,
      ],
    ];
  });
  return [
    `${images} readable images in ${classes.length} classes; ${judgedLabels} labels judged by ${features}`,
    ...(rows.length === 0
      ? ["nothing was found"]
      : table([["severity", "check", "findings", "images", "first"], ...rows]).map((line) => `  ${line}`)),
  ];
}
