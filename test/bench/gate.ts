// Whether the benchmark's ratios are still what they were: reads the JSON of a run on stdin.
// usage: npm run bench -- --json | node test/bench/gate.ts
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { excessesOf } from "./excesses.ts";

const ratiosSchema = z.record(z.string(), z.number());

const ceilings = ratiosSchema.parse(
  JSON.parse(readFileSync(new URL("ceilings.json", import.meta.url), "utf8")),
);
const last = (await text(process.stdin)).trim().split("\n").at(-1) ?? "";
const excesses = excessesOf(ratiosSchema.parse(JSON.parse(last)), ceilings);
for (const excess of excesses) process.stderr.write(`gate: ${excess}\n`);
process.exitCode = excesses.length > 0 ? 1 : 0;
