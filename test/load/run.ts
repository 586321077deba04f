// What one isolate of the Worker can answer, how it behaves below that, and how at twice of it.
// usage: npm run bench:load -- [--quick] [--json] [--image photo.jpg]
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { loadJpegEncoder } from "../../trainer/assets.ts";
import { describeMachine } from "../bench/machine.ts";
import { serveHandMade } from "../fixtures/served-model.ts";
import { findWorkerd } from "../fixtures/workerd-process.ts";
import { drawScene } from "../shared/image/draw-scene.ts";
import { testLoad } from "./load-test.ts";
import { closeConnections } from "./send-requests.ts";

const lengths = {
  whole: { capacitySeconds: 20, steadySeconds: 120, overloadSeconds: 30, leastRequests: 20_000 },
  // V8's first collections, the longest ones, come with the first 5,000 requests: they belong before the steady part
  quick: { capacitySeconds: 20, steadySeconds: 30, overloadSeconds: 5, leastRequests: 0 },
} as const;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    image: { type: "string" },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const image =
  values.image === undefined
    ? loadJpegEncoder()(drawScene(640, 480), 85)
    : new Uint8Array(await readFile(values.image));
say(describeMachine());
// Of an isolate's 128 MB up to 80 are WebAssembly's. Without a limit V8 lets what is garbage lie for many thousand requests.
process.env["MINIFLARE_WORKERD_V8_FLAGS"] ??= "--max-heap-size=48";
const worker = await serveHandMade({ size: 224, direct: true });
try {
  const report = await testLoad({
    url: worker.url,
    image,
    workerd: findWorkerd().at(-1),
    ...lengths[values.quick ? "quick" : "whole"],
    say,
  });
  say(describeMachine());
  process.stdout.write(`${JSON.stringify(report, null, values.json ? undefined : 2)}\n`);
  process.exitCode = report.verdicts.some(({ holds }) => holds === false) ? 1 : 0;
} finally {
  closeConnections();
  await worker.stop();
}
