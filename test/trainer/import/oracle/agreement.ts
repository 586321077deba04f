// Imported models beside TensorFlow Lite's own interpreter, on the same pixels of 100 photos.
// usage: npm run test:import -- [--json]     (needs ../shared/data; installs the interpreter, 41 MB, on its first run)
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { normalize } from "../../../../shared/image/normalize.ts";
import { softmax } from "../../../../shared/inference/softmax.ts";
import { loadCodec } from "../../../../trainer/assets.ts";
import { openInference } from "../../../../trainer/engine/open-inference.ts";
import { withBundle } from "../../../../trainer/release/verify.ts";
import { percent, table } from "../../../../trainer/terminal/table.ts";
import { importBytes } from "../import-tiny.ts";
import { hasPublicData, isLabelOf, type Photo, publicData, readPhotos } from "../photos.ts";

/** Least share of photos on which the top class must be the interpreter's, by model. */
const models = {
  "mobilenet_v1_0.25_128_quant": 0.94,
  "mobilenet_v1_0.5_160_quant": 0.97,
  "mobilenet_v2_1.0_224_quant": 0.97,
  "tf2_mobilenet_v2_1.0_224_ptq": 0.97,
} as const;
/** Furthest that the share of right answers may be from the interpreter's. */
const furthestTop1 = 0.02;

interface Agreement {
  readonly model: string;
  /** Its codes tie often: the share right when each tie goes to the first class, and when it goes to the right one. */
  readonly interpreterTop1: readonly [number, number];
  readonly importedTop1: number;
  readonly agreement: number;
  /** Largest difference of a probability on a photo, over the photos. */
  readonly meanDelta: number;
  readonly largestDelta: number;
  readonly ok: boolean;
}

const here = fileURLToPath(new URL(".", import.meta.url));
const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });

if (!hasPublicData) {
  process.stderr.write(`skipped: the photos and models of ${publicData} are not there\n`);
} else {
  await compareAll();
}

async function compareAll(): Promise<void> {
  installInterpreter();
  await openInference();
  const photos = await readPhotos();
  const labels = await readFile(join(publicData, "models", "imagenet_labels.txt"), "utf8");
  const results: Agreement[] = [];
  for (const [model, least] of Object.entries(models))
    results.push(await compare(model, least, labels, photos));
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else process.stdout.write(`${describe(results)}\n`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}

async function compare(
  model: string,
  least: number,
  labels: string,
  photos: readonly Photo[],
): Promise<Agreement> {
  const path = join(publicData, "models", `${model}.tflite`);
  const file = new Uint8Array(await readFile(path));
  const { openInterpreter } = await import("./interpreter.ts");
  const interpret = await openInterpreter(file);
  const bundle = await importBytes(file, labels);
  const codec = loadCodec();
  const { input, labels: names } = bundle.manifest;
  const rows = await withBundle(bundle, codec, (classifier) =>
    photos.map((photo) => {
      const { image } = codec.decode(photo.bytes, input);
      const codes = interpret(image.data);
      const ours = softmax(classifier.infer(normalize(image, input)).logits, 1);
      const most = Math.max(...codes);
      const top = ours.indexOf(Math.max(...ours));
      const isRight = (index: number): boolean => isLabelOf(photo, names[index]);
      return {
        interpreterRight: isRight(codes.indexOf(most)),
        interpreterMayBeRight: codes.some((code, index) => code === most && isRight(index)),
        importedRight: isRight(top),
        agrees: codes[top] === most,
        delta: Math.max(...ours.map((value, i) => Math.abs(value - (codes[i] ?? 0) / 256))),
      };
    }),
  );
  const share = (count: (row: (typeof rows)[number]) => boolean): number =>
    rows.filter(count).length / rows.length;
  const interpreterTop1 = [
    share((row) => row.interpreterRight),
    share((row) => row.interpreterMayBeRight),
  ] as const;
  const importedTop1 = share((row) => row.importedRight);
  const agreement = share((row) => row.agrees);
  return {
    model,
    interpreterTop1,
    importedTop1,
    agreement,
    meanDelta: rows.reduce((sum, { delta }) => sum + delta, 0) / rows.length,
    largestDelta: Math.max(...rows.map(({ delta }) => delta)),
    ok:
      agreement >= least &&
      importedTop1 >= interpreterTop1[0] - furthestTop1 - 1e-9 &&
      importedTop1 <= interpreterTop1[1] + furthestTop1 + 1e-9,
  };
}

function installInterpreter(): void {
  if (existsSync(join(here, "node_modules", "@tensorflow", "tfjs-tflite"))) return;
  // It asks for an older tfjs-core beside it, which the interpreter's own module does without.
  const flags = [
    "ci",
    "--legacy-peer-deps",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const { status } = spawnSync("npm", flags, { cwd: here, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`npm ci in ${here} ended with ${String(status)}; see its output above`);
}

function describe(results: readonly Agreement[]): string {
  return table([
    ["model", "interpreter, ties first or right", "imported", "agree", "mean |dp|", "largest |dp|", ""],
    ...results.map((row) => [
      row.model,
      row.interpreterTop1.map(percent).join(" to "),
      percent(row.importedTop1),
      percent(row.agreement),
      row.meanDelta.toFixed(3),
      row.largestDelta.toFixed(3),
      row.ok ? "ok" : "too far",
    ]),
  ]).join("\n");
}
