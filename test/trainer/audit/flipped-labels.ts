// How many of the labels that were flipped does the audit find, and how many of those it names are flipped?
// usage: npm run test:audit -- [--only drawn,photos,cifar] [--json]   (photos and CIFAR-10 from ../shared/data)
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { auditDataset } from "../../../trainer/audit/audit-dataset.ts";
import { readRange } from "../../../trainer/data/file-tree.ts";
import { openFileTree } from "../../../trainer/data/open-file-tree.ts";
import { makeSampleDataset } from "../../../trainer/data/sample/make-sample-dataset.ts";
import { percent, table } from "../../../trainer/terminal/table.ts";
import { createRandom } from "../release/random.ts";
import { type Files, flipLabels, writeDataset } from "./planted-faults.ts";

/** What one judge made of one dataset. */
interface Row {
  readonly dataset: string;
  readonly images: number;
  readonly judge: string;
  readonly recall: number;
  readonly precision: number;
  /** Of the processor. */
  readonly seconds: number;
}

const share = 0.05;
const leastRecall = 0.7;
const leastPrecision = 0.5;
const shared = join(import.meta.dirname, "..", "..", "..", "..", "shared", "data");
const backbones = join(shared, "models");
const cifarImages = 3000;

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, only: { type: "string" } },
});
const root = await mkdtemp(join(tmpdir(), "edgewise-flipped-"));
const sources = {
  drawn: drawnScenes,
  photos: () => filesOf(join(shared, "hymenoptera-train.tar.gz")),
  cifar: async () => draw(await filesOf(join(shared, "cifar10-train.tar.gz")), cifarImages),
};
const wanted = Object.entries(sources).filter(([name]) => options.only?.split(",").includes(name) ?? true);
const rows: Row[] = [];
try {
  for (const [name, read] of wanted) {
    const files = await read().catch((error: unknown) => {
      process.stderr.write(`skipped ${name}: ${String(error)}\n`);
      return null;
    });
    if (files === null) continue;
    const flipped = flipLabels(files, share, 3);
    const path = join(root, name);
    await writeDataset(path, files);
    for (const folder of [root, ...(existsSync(backbones) ? [backbones] : [])]) {
      rows.push({ dataset: name, images: files.size, ...(await judge(path, folder, flipped)) });
    }
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
report();

/** @param folder of backbones; one without any stands for a machine that has none */
async function judge(
  path: string,
  folder: string,
  flipped: ReadonlySet<string>,
): Promise<Omit<Row, "dataset" | "images">> {
  process.env["EDGEWISE_BACKBONES"] = folder;
  process.env["XDG_CACHE_HOME"] = root;
  const before = process.cpuUsage();
  const { audit } = await auditDataset({ path, cacheRoot: root, seed: 1 });
  const used = process.cpuUsage(before);
  const named = audit.findings
    .filter(({ check }) => check === "label-error")
    .flatMap(({ images }) => images.map((image) => image.path));
  const right = named.filter((name) => flipped.has(name)).length;
  return {
    judge: audit.features,
    recall: right / flipped.size,
    precision: right / Math.max(1, named.length),
    seconds: (used.user + used.system) / 1e6,
  };
}

async function drawnScenes(): Promise<Files> {
  const folder = join(root, "sample");
  await makeSampleDataset({ root: folder, seed: 1 });
  return filesOf(folder);
}

async function filesOf(path: string): Promise<Files> {
  const tree = await openFileTree(path, join(root, "unpacked"));
  const files: Files = new Map();
  for (const { path: file, range } of tree.files) {
    const name = `${basename(dirname(file))}/${basename(file)}`;
    files.set(name, await readRange(range));
  }
  return files;
}

function draw(files: Files, count: number): Files {
  const random = createRandom(5);
  const order = [...files].map((file) => ({ file, at: random.uniform() })).toSorted((a, b) => a.at - b.at);
  return new Map(order.slice(0, count).map(({ file }) => file));
}

function report(): void {
  const lines = rows.map((row) => [
    row.dataset,
    String(row.images),
    row.judge,
    percent(row.recall),
    percent(row.precision),
    `${row.seconds.toFixed(0)} s`,
  ]);
  const heading = ["dataset", "images", "judged by", "recall", "precision", "processor"];
  process.stdout.write(
    options.json ? `${JSON.stringify(rows)}\n` : `${table([heading, ...lines]).join("\n")}\n`,
  );
  const missed = rows.filter(({ recall, precision }) => recall < leastRecall || precision < leastPrecision);
  process.exitCode = missed.length === 0 ? 0 : 1;
}
