// Spoiled requests against the Worker in workerd: it must answer each, never by 500, and the next good one right.
// usage: npm run fuzz:http -- [--mutations 10000] [--seed 1] [--json]
import { parseArgs } from "node:util";
import { serveHandMade } from "../../fixtures/served-model.ts";
import { fuzzHttp } from "./fuzz-http.ts";

const { values } = parseArgs({
  options: {
    mutations: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const worker = await serveHandMade({ size: 32 });
try {
  const options = { seed: Number(values.seed), mutations: Number(values.mutations) };
  const report = await fuzzHttp(worker.url, options, (done) => {
    if (done % 1000 === 0) process.stderr.write(`${done} of ${options.mutations}\n`);
  });
  process.stdout.write(`${JSON.stringify(report, null, values.json ? undefined : 2)}\n`);
  process.exitCode = report.faults.length > 0 ? 1 : 0;
} finally {
  await worker.stop();
}
