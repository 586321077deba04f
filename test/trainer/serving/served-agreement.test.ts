import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, describe, it } from "vitest";
import { compareServed, type EvaluatedAnswers } from "../../../trainer/serving/served-agreement.ts";

const version = "20260131T235959Z-0a1b2c3d";
/** Of two images, three classes each. */
const probabilities = Float32Array.of(0.7, 0.2, 0.1, 0.1, 0.3, 0.6);
const evaluated: EvaluatedAnswers = { version, probabilities, classes: 3 };

let server: Server | undefined;
afterEach(() => server?.close());

/** A server that answers the image of one byte `i` with `answers[i]`. */
async function serve(answers: readonly { readonly status?: number; readonly body: unknown }[]) {
  server = createServer((request, response) => {
    request.once("data", ([image = 0]: Uint8Array) => {
      const answer = answers[image];
      response.writeHead(answer?.status ?? 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer?.body));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

function answerOf(values: readonly number[], served = version) {
  const ranked = values.map((probability, classIndex) => ({ classIndex, probability }));
  return { version: served, predictions: ranked.toSorted((a, b) => b.probability - a.probability) };
}

const images = [0, 1].map((classIndex) => ({
  path: `class/${classIndex}.jpg`,
  classIndex,
  read: async () => Uint8Array.of(classIndex),
}));
const first = Array.from(probabilities.subarray(0, 3));
const second = Array.from(probabilities.subarray(3));

describe("compareServed", () => {
  it("agrees with a Worker that gives the bundle's probabilities, right or wrong", async ({ expect }) => {
    const url = await serve([{ body: answerOf(first) }, { body: answerOf(second) }]);
    expect(await compareServed(url, images, evaluated)).toEqual({
      images: 2,
      top1Accuracy: 0.5,
      servedAgreement: 1,
      maxProbabilityDelta: 0,
      disagreeing: [],
    });
  });

  it("names the images whose answers differ", async ({ expect }) => {
    const url = await serve([{ body: answerOf(first) }, { body: answerOf([0.1, 0.301, 0.599]) }]);
    const agreement = await compareServed(url, images, evaluated);
    expect(agreement).toMatchObject({ servedAgreement: 0.5, disagreeing: ["class/1.jpg"] });
    expect(agreement.maxProbabilityDelta).toBeCloseTo(0.001, 6);
  });

  it("takes a class that the Worker leaves out for one of probability 0", async ({ expect }) => {
    const { predictions } = answerOf(first);
    const url = await serve([
      { body: { version, predictions: predictions.slice(0, 2) } },
      { body: answerOf(second) },
    ]);
    expect(await compareServed(url, images, evaluated)).toMatchObject({ disagreeing: ["class/0.jpg"] });
  });

  it("rejects a Worker that serves another version", async ({ expect }) => {
    const other = "20260201T000000Z-0a1b2c3d";
    const url = await serve([{ body: answerOf(first) }, { body: answerOf(second, other) }]);
    await expect(compareServed(url, images, evaluated)).rejects.toThrow(`serves version ${other}`);
  });

  it("rejects a Worker that refuses an image, with its reason", async ({ expect }) => {
    const url = await serve([{ body: answerOf(first) }, { status: 415, body: { detail: "no such format" } }]);
    await expect(compareServed(url, images, evaluated)).rejects.toThrow(
      /answered 415 for class\/1\.jpg: .*no such format/,
    );
  });
});
