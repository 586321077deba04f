import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import { serveHandMade } from "../../fixtures/served-model.ts";
import { fuzzHttp } from "./fuzz-http.ts";

let worker: LocalWorker;

beforeAll(async () => {
  worker = await serveHandMade({ size: 32 });
});

afterAll(() => worker.stop());

it(
  "answers 500 spoiled requests of every kind, and the good one after each",
  { timeout: 240_000 },
  async () => {
    const report = await fuzzHttp(worker.url, { seed: 2026, mutations: 500 });

    expect(report.faults).toEqual([]);
    expect(Object.keys(report.statuses).length).toBeGreaterThan(4);
  },
);

it("finds the fault of a server that answers everything by 500, or by what is no problem", async () => {
  let answered = 0;
  const server = createServer((_, response) => {
    response.statusCode = answered++ % 2 === 0 ? 500 : 404;
    response.end("sorry");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const report = await fuzzHttp(`http://127.0.0.1:${port}`, { seed: 1, mutations: 10 });
  server.close();

  expect(report.faults.map(({ mutation }) => mutation)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
