// Whether the benchmark's ratios are still what they were: reads the JSON of a run on stdin.
// usage: npm run bench -- --json | node test/bench/gate.ts [--partial]
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { breachesOf } from "./breaches.ts";

const { partial } = parseArgs({ options: { partial: { type: "boolean", default: false } } }).values;
const valuesSchema = z.record(z.string(), z.number());
const limits = z
  .object({ most: valuesSchema, least: valuesSchema })
  .parse(JSON.parse(readFileSync(new URL("limits.json", import.meta.url), "utf8")));
const last = (await text(process.stdin)).trim().split("\n").at(-1) ?? "";
const breaches = breachesOf(valuesSchema.parse(JSON.parse(last)), limits, partial);
for (const breach of breaches) process.stderr.write(`gate: ${breach}\n`);
process.exitCode = breaches.length > 0 ? 1 : 0;
