import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { errorCodes } from "../../shared/contract/errors.ts";
import { statusOf } from "../../shared/contract/problem.ts";
import { imageLimits } from "../../shared/image/codec-failure.ts";
import { loadJpegEncoder } from "../../trainer/assets.ts";
import { type LocalWorker, startLocalWorker } from "../../trainer/serving/local-worker.ts";
import { buildWorkerArtefact } from "../../trainer/serving/worker-artefact.ts";
import { handMadeBundle, putAlias, putVersion } from "../fixtures/hand-made-bundle.ts";
import { solidPng } from "../fixtures/png.ts";
import { drawScene, storeTurned } from "../shared/image/draw-scene.ts";
import { type HostileFile, hostileFiles } from "../shared/image/hostile-files.ts";
import { withOrientation } from "../shared/image/image-files.ts";

const answerSchema = z.object({
  predictions: z.array(z.object({ label: z.string(), classIndex: z.number(), probability: z.number() })),
});

/** A problem by its code; any other answer by the lack of one. */
const problemSchema = z.object({ code: z.optional(z.enum(errorCodes)) });

let folder: string;
let worker: LocalWorker;
const logged: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-hostile-"));
  worker = await startLocalWorker(await buildWorkerArtefact(join(folder, "worker")), {
    port: 0,
    host: "127.0.0.1",
    open: true,
    onLog: (line) => logged.push(line),
  });
  // the size for which the outcomes hold: at an eighth of the file's size, half of a progressive JPEG is not needed
  const bundle = await handMadeBundle({ size: 224 });
  await putVersion(worker.bucket, bundle);
  await putAlias(worker.bucket, bundle);
});

afterAll(async () => {
  await worker.stop();
  await rm(folder, { recursive: true, force: true });
});

function post(image: Uint8Array): Promise<Response> {
  return fetch(`${worker.url}/classify`, {
    method: "POST",
    body: Uint8Array.from(image),
    headers: { "content-type": "image/jpeg" },
  });
}

/** Probabilities by class index. */
async function probabilitiesOf(image: Uint8Array): Promise<readonly number[]> {
  const response = await post(image);
  expect(response.status).toBe(200);
  const { predictions } = answerSchema.parse(await response.json());
  return predictions.toSorted((a, b) => a.classIndex - b.classIndex).map(({ probability }) => probability);
}

/** Posts bytes that no HTTP client would write, and gives what comes back until the connection ends. */
function postRaw(headers: readonly string[], body: string): Promise<string> {
  const { hostname, port } = new URL(worker.url);
  const head = [
    "POST /classify HTTP/1.1",
    "Host: localhost",
    "Content-Type: image/jpeg",
    "Connection: close",
  ];
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => {
      socket.end(`${[...head, ...headers].join("\r\n")}\r\n\r\n${body}`);
    });
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

/** Codes of the answers that are right. */
function outcomesOf({ bytes, outcome }: HostileFile): readonly string[] {
  // more than 15 MB are refused for their bytes before they are looked at
  if (bytes.length > imageLimits.maxBytes) return ["payload_too_large"];
  return outcome === "either" ? ["decodes", "invalid_image"] : [outcome];
}

const encode = loadJpegEncoder();
const files = hostileFiles(encode);
const green = solidPng(40, 40, [0, 255, 0]);

describe("the Worker, over HTTP", () => {
  it("answers the first requests, which arrive together, by loading the model once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => probabilitiesOf(green)));

    for (const answer of answers) expect(answer[1]).toBeGreaterThan(0.99);
    expect(logged.filter((line) => line.includes("model-loaded"))).toHaveLength(1);
  });

  it.each(files.map((file) => [file.name, file] as const))(
    "gives %s its answer, and the next request too",
    async (_, file) => {
      const response = await post(file.bytes);
      const { code } = problemSchema.parse(await response.json());

      expect(outcomesOf(file)).toContain(code ?? "decodes");
      expect(response.status).toBe(code === undefined ? 200 : statusOf(code));
      expect((await probabilitiesOf(green))[1]).toBeGreaterThan(0.99);
    },
  );

  it.each([
    ["malformed chunks", "Transfer-Encoding: chunked", "zz\r\nabc\r\n0\r\n\r\n"],
    ["fewer bytes than it announced", "Content-Length: 100", "abc"],
  ])("tells a client whose body has %s so, and serves the next", async (_, header, body) => {
    const answer = await postRaw([header], body);

    expect(answer).toContain("HTTP/1.1 400");
    expect(answer).toContain('"code":"invalid_argument"');
    expect((await probabilitiesOf(green))[1]).toBeGreaterThan(0.99);
  });

  it(
    "gives a 12 MP photo of every orientation the answer of its upright copy",
    { timeout: 120_000 },
    async () => {
      const upright = drawScene(4000, 3000);
      const expected = await probabilitiesOf(encode(upright, 90));
      for (let orientation = 1; orientation <= 8; orientation++) {
        const photo = withOrientation(encode(storeTurned(upright, orientation), 90), orientation);
        for (const [i, probability] of (await probabilitiesOf(photo)).entries()) {
          expect(Math.abs(probability - (expected[i] ?? 0))).toBeLessThan(0.002);
        }
      }
    },
  );
});
