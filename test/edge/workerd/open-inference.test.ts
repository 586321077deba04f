import { beforeAll, describe, expect, it } from "vitest";
import type { ClassifyAnswer } from "../../../shared/contract/classify.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  pureColours,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { handMadeGraph } from "../../fixtures/hand-made-graph.ts";
import { concatenate, solidPng } from "../../fixtures/png.ts";
import { imagePost, openEdge } from "./open-edge.ts";

interface Answer {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: {
    readonly name: string;
    readonly datatype: string;
    readonly shape: number[];
    readonly data: (string | number | boolean)[];
    readonly parameters?: { readonly binary_data_size: number };
  }[];
}

const edge = openEdge();
const [red, green, blue] = pureColours.map((colour) => solidPng(24, 20, colour)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
let bundle: HandMadeBundle;

beforeAll(async () => {
  bundle = await handMadeBundle({ model: edge.model });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
});

const folder = `/v2/models/${edge.model}`;

function infer(request: unknown, path = `${folder}/infer`): Promise<Response> {
  return edge.fetch(path, { method: "POST", body: JSON.stringify(request) });
}

async function answered(response: Response): Promise<Answer> {
  expect(response.status).toBe(200);
  return response.json();
}

function output(answer: Answer, name: string): Answer["outputs"][number] | undefined {
  return answer.outputs.find((tensor) => tensor.name === name);
}

const imageInput = (...files: Uint8Array[]): unknown => ({
  name: "image",
  datatype: "BYTES",
  shape: [files.length],
  data: files.map(base64),
});

/** A request with its binary parts behind the JSON, as the extension has it. */
function binaryPost(request: unknown, ...parts: Uint8Array[]): RequestInit {
  const json = new TextEncoder().encode(JSON.stringify(request));
  return {
    method: "POST",
    body: concatenate([json, ...parts]),
    headers: { "inference-header-content-length": String(json.length) },
  };
}

function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  return concatenate([new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes]);
}

describe("the Open Inference Protocol", () => {
  it("tells what the server is, and that it is live and ready", async () => {
    const server = await edge.fetch("/v2");
    const live = await edge.fetch("/v2/health/live");
    const ready = await edge.fetch("/v2/health/ready");

    expect(await server.json()).toMatchObject({
      name: "edgewise",
      extensions: ["binary_tensor_data", "classification"],
    });
    expect([live.status, await live.json()]).toEqual([200, { live: true }]);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true }]);
  });

  it.each(["", "/versions/{version}"])(
    "describes a model at its path%s, and says that it is ready",
    async (part) => {
      const path = `${folder}${part.replace("{version}", bundle.manifest.version)}`;
      const metadata = await edge.fetch(path);
      const ready = await edge.fetch(`${path}/ready`);

      expect(await metadata.json()).toEqual({
        name: edge.model,
        versions: [bundle.manifest.version],
        platform: "edgewise_tfjs_wasm",
        inputs: [
          { name: "image", datatype: "BYTES", shape: [-1] },
          { name: "input", datatype: "FP32", shape: [-1, 32, 32, 3] },
        ],
        outputs: [
          { name: "label", datatype: "BYTES", shape: [-1] },
          { name: "class_index", datatype: "INT32", shape: [-1] },
          { name: "unknown", datatype: "BOOL", shape: [-1] },
          { name: "recognized", datatype: "BOOL", shape: [-1] },
          { name: "probabilities", datatype: "FP32", shape: [-1, 3] },
          { name: "logits", datatype: "FP32", shape: [-1, 3] },
        ],
      });
      expect(await ready.json()).toEqual({ name: edge.model, ready: true });
    },
  );

  it("classifies files in base64, several at once, with the probabilities of /classify", async () => {
    const answer = await answered(await infer({ id: "mine", inputs: [imageInput(red, blue)] }));
    const alone: ClassifyAnswer = await (await edge.fetch("/classify", imagePost(red))).json();

    expect(answer).toMatchObject({
      model_name: edge.model,
      model_version: bundle.manifest.version,
      id: "mine",
    });
    expect(output(answer, "label")).toMatchObject({ datatype: "BYTES", shape: [2], data: ["red", "blue"] });
    expect(output(answer, "class_index")).toMatchObject({ shape: [2], data: [0, 2] });
    expect(output(answer, "unknown")).toMatchObject({ datatype: "BOOL", data: [false, false] });
    expect(output(answer, "recognized")).toMatchObject({ data: [true, true] });
    const probabilities = output(answer, "probabilities");
    expect(probabilities).toMatchObject({ datatype: "FP32", shape: [2, 3] });
    expect(probabilities?.data[0]).toBe(alone.predictions[0]?.probability);
  });

  it("runs normalized pixels, nested or flat, to the logits they have on paper", async () => {
    const pixel = [1, 128 / 255, 64 / 255] as const;
    const nested = Array.from({ length: 32 }, () => Array.from({ length: 32 }, () => pixel));
    const input = { name: "input", datatype: "FP32", shape: [1, 32, 32, 3] };
    const outputs = [{ name: "logits" }];
    const [byNested, byFlat] = await Promise.all(
      [[nested], nested.flat(2)].map(async (data) =>
        answered(await infer({ inputs: [{ ...input, data }], outputs })),
      ),
    );

    expect(byNested?.outputs).toEqual(byFlat?.outputs);
    expect(byFlat?.outputs.map(({ name }) => name)).toEqual(["logits"]);
    const onPaper = handMadeGraph(32, 1, "none").logitsOfColour(pixel);
    for (const [i, logit] of onPaper.entries()) {
      expect(byFlat?.outputs[0]?.data[i]).toBeCloseTo(logit, 4);
    }
  });

  it("takes tensors as binary behind the JSON and gives them so", async () => {
    const elements = [red, green].map(lengthPrefixed);
    const bytes = concatenate(elements);
    const request = {
      inputs: [
        { name: "image", datatype: "BYTES", shape: [2, 1], parameters: { binary_data_size: bytes.length } },
      ],
      outputs: [
        { name: "label", parameters: { binary_data: true } },
        { name: "unknown", parameters: { binary_data: true } },
        { name: "class_index" },
        { name: "probabilities", parameters: { binary_data: true } },
      ],
    };
    const response = await edge.fetch(`${folder}/infer`, binaryPost(request, bytes));
    const whole = new Uint8Array(await response.arrayBuffer());
    const jsonLength = Number(response.headers.get("inference-header-content-length"));
    const answer: Answer = JSON.parse(new TextDecoder().decode(whole.subarray(0, jsonLength)));
    const rest = whole.slice(jsonLength);

    expect(answer.outputs.map(({ parameters }) => parameters?.binary_data_size)).toEqual([
      16,
      2,
      undefined,
      24,
    ]);
    expect(output(answer, "class_index")?.data).toEqual([0, 1]);
    expect(rest).toHaveLength(16 + 2 + 24);
    expect(new TextDecoder().decode(rest.subarray(0, 16))).toBe("\u0003\0\0\0red\u0005\0\0\0green");
    expect([...rest.subarray(16, 18)]).toEqual([0, 0]);
    const probabilities = new Float32Array(rest.slice(18).buffer);
    expect(probabilities[0]).toBeGreaterThan(0.99);
    expect(probabilities[4]).toBeGreaterThan(0.99);
  });

  it("ranks classes by Triton's extension", async () => {
    const outputs = [{ name: "probabilities", parameters: { classification: 2 } }];
    const answer = await answered(await infer({ inputs: [imageInput(green)], outputs }));

    expect(answer.outputs[0]).toMatchObject({ datatype: "BYTES", shape: [1, 2] });
    expect(answer.outputs[0]?.data[0]).toMatch(/^0\.99\d+:1:green$/);
  });

  it.each<readonly [string, unknown, string]>([
    ["no JSON", "{", "not JSON"],
    ["no input", { inputs: [] }, "inputs"],
    [
      "an input it does not have",
      { inputs: [{ name: "x", datatype: "FP32", shape: [1], data: [1] }] },
      "as FP32 [",
    ],
    [
      "too large a batch",
      { inputs: [{ name: "image", datatype: "BYTES", shape: [17], data: [] }] },
      "1 to 16",
    ],
    [
      "fewer values than its shape says",
      { inputs: [{ name: "image", datatype: "BYTES", shape: [2], data: [""] }] },
      "its shape takes 2",
    ],
    [
      "pixels of another size",
      { inputs: [{ name: "input", datatype: "FP32", shape: [1, 1, 1, 3], data: [0, 0, 0] }] },
      "the model takes [32, 32, 3]",
    ],
    [
      "pixels past any normalization",
      { inputs: [{ name: "input", datatype: "FP32", shape: [1, 1, 1, 3], data: [0, 0, 1e30] }] },
      "normalize",
    ],
    [
      "an output that there is not",
      { inputs: [imageInput(red)], outputs: [{ name: "boxes" }] },
      "there is no output boxes",
    ],
    [
      "binary that is not there",
      { inputs: [{ name: "image", datatype: "BYTES", shape: [1], parameters: { binary_data_size: 9 } }] },
      "binary_data_size",
    ],
    ["a file that does not decode", { inputs: [imageInput(red.subarray(0, 60))] }, "cut short"],
  ])("refuses %s in its own words", async (_, request, words) => {
    const response = await (request === "{"
      ? edge.fetch(`${folder}/infer`, { method: "POST", body: "{" })
      : infer(request));
    const failure: { error: string } = await response.json();

    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(Object.keys(failure)).toEqual(["error"]);
    expect(failure.error).toContain(words);
  });

  it.each(["", "/ready", "/infer"])(
    "answers 404 for a model or version that is not there%s",
    async (part) => {
      for (const path of [
        "/v2/models/nobody",
        `${folder}/versions/20200101T000000Z-00000000`,
        `${folder}/versions/1`,
      ]) {
        const init =
          part === "/infer" ? { method: "POST", body: JSON.stringify({ inputs: [imageInput(red)] }) } : {};
        const response = await edge.fetch(`${path}${part}`, init);
        expect([response.status, Object.keys(await response.json())]).toEqual([404, ["error"]]);
      }
    },
  );

  it("answers 503 in its own words where no model serves", async () => {
    const empty = openEdge();
    const response = await empty.fetch("/v2/health/ready");

    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).not.toBeNull();
    expect(Object.keys(await response.json())).toEqual(["error"]);
  });

  it("answers a whole batch by one version, though the alias moves in the middle", async () => {
    const moving = openEdge((store) => store);
    const first = await handMadeBundle({ model: moving.model });
    const second = await handMadeBundle({ model: moving.model, seed: 2, labels: ["rot", "grün", "blau"] });
    await putVersion(moving.store, first);
    await putVersion(moving.store, second);
    await putAlias(moving.store, first);
    await moving.fetch("/health/ready");
    await putAlias(moving.store, second);
    moving.advance(60_000);
    const files = Array.from({ length: 12 }, () => red);
    const body = JSON.stringify({ inputs: [imageInput(...files)], outputs: [{ name: "label" }] });
    const response = await moving.fetch(`/v2/models/${moving.model}/infer`, { method: "POST", body });
    const answer = await answered(response);

    expect(answer.model_version).toBe(first.manifest.version);
    expect(new Set(answer.outputs[0]?.data)).toEqual(new Set(["red"]));
  });
});
