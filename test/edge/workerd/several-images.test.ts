import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  type ClassifyAnswer,
  classifyAnswerSchema,
  type ClassifyImagesAnswer,
  classifyImagesAnswerSchema,
} from "../../../shared/contract/classify.ts";
import { parseWith } from "../../../shared/contract/parse.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  pureColours,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { imagePost, openEdge } from "./open-edge.ts";

const [red, green, blue] = pureColours.map((colour) => solidPng(60, 40, colour)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const edge = openEdge();
let bundle: HandMadeBundle;

beforeAll(async () => {
  bundle = await handMadeBundle({ model: edge.model });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
});

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function jsonPost(value: unknown): RequestInit {
  return imagePost(JSON.stringify(value), "application/json");
}

function formPost(files: readonly Uint8Array[], field = (i: number) => `field-${i}`): RequestInit {
  const form = new FormData();
  form.append("note", "of no interest");
  for (const [i, file] of files.entries()) form.append(field(i), new File([file], `photo ${i}.png`));
  return { method: "POST", body: form };
}

async function one(init: RequestInit, query = ""): Promise<ClassifyAnswer> {
  const response = await edge.fetch(`/classify${query}`, init);
  return parseWith(classifyAnswerSchema, await response.json(), "the answer");
}

async function several(init: RequestInit, query = ""): Promise<ClassifyImagesAnswer> {
  const response = await edge.fetch(`/classify${query}`, init);
  expect(response.status).toBe(200);
  return parseWith(classifyImagesAnswerSchema, await response.json(), "the answer");
}

function labelsOf({ results }: ClassifyImagesAnswer): string[] {
  return results.map((result) =>
    result.outcome === "classified" ? (result.predictions[0]?.label ?? "") : result.problem.code,
  );
}

async function problem(init: RequestInit): Promise<unknown> {
  return (await edge.fetch("/classify", init)).json();
}

describe("POST /classify with a form of several files", () => {
  it("answers each in the order they were sent, whatever the fields are called", async () => {
    const answer = await several(formPost([red, green, blue, green]));

    expect(labelsOf(answer)).toEqual(["red", "green", "blue", "green"]);
    expect(answer.model).toBe(edge.model);
    expect(answer.results.map(({ name }) => name)).toEqual([0, 1, 2, 3].map((i) => `photo ${i}.png`));
    expect(answer.results[0]).toMatchObject({ outcome: "classified", version: bundle.manifest.version });
    const sameField = await several(formPost([red, blue], () => "image"));
    expect(labelsOf(sameField)).toEqual(["red", "blue"]);
  });

  it("answers every image as it answers it alone", async () => {
    const { results } = await several(formPost([red, green]), "?topK=3");
    const alone = await one(imagePost(green), "?topK=3");

    expect(results[1]).toMatchObject({ predictions: alone.predictions, recognized: alone.recognized });
  });

  it("gives an image that fails its own problem, and the others their classes", async () => {
    const tooLarge = new Uint8Array(15_000_001);
    const gif = new TextEncoder().encode("GIF89a\u0001\0\u0001\0\0\0\0;");
    const answer = await several(formPost([red, red.slice(0, 99), gif, tooLarge, blue]));

    expect(labelsOf(answer)).toEqual([
      "red",
      "invalid_image",
      "unsupported_media_type",
      "payload_too_large",
      "blue",
    ]);
    expect(answer.results[1]).toMatchObject({
      outcome: "failed",
      name: "photo 1.png",
      problem: { status: 400, instance: `urn:request:${answer.requestId}` },
    });
  });

  it("takes 16 files and refuses 17", async () => {
    expect((await several(formPost(Array.from({ length: 16 }, () => red)))).results).toHaveLength(16);
    expect(await problem(formPost(Array.from({ length: 17 }, () => red)))).toMatchObject({
      status: 400,
      code: "invalid_argument",
      detail: expect.stringContaining("17 files"),
    });
  });

  it("refuses more than 20 MB together", async () => {
    const half = new Uint8Array(10_000_001);

    expect(await problem(formPost([half, half]))).toMatchObject({ status: 413, code: "payload_too_large" });
  });

  it("answers 503 as a whole where there is no model", async () => {
    const response = await openEdge().fetch("/classify", formPost([red, green]));

    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).not.toBeNull();
  });

  it("gives way to other requests between two images", async () => {
    const waits = vi.spyOn(scheduler, "wait");
    await several(formPost([red, green, blue]));

    expect(waits.mock.calls.filter(([milliseconds]) => milliseconds === 0)).toHaveLength(3);
    waits.mockRestore();
  });
});

describe("POST /classify with JSON", () => {
  it("answers one image in base64 of either alphabet, in lines, or in a data URI", async () => {
    const text = base64(green);
    const lines = text.replaceAll(/.{76}/g, "$&\r\n");
    const urlSafe = text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    for (const image of [text, lines, urlSafe, `data:image/png;base64,${text}`]) {
      expect((await one(jsonPost({ image }))).predictions[0]?.label).toBe("green");
    }
  });

  it("takes topK and threshold from the body before the query", async () => {
    const answer = await one(jsonPost({ image: base64(red), topK: 1, threshold: 1 }), "?topK=3&threshold=0");

    expect(answer.predictions).toHaveLength(1);
    expect(answer.recognized).toBe(false);
  });

  it("answers a list by a list, each image with its own outcome", async () => {
    const images = [
      base64(blue),
      "not base64!",
      "data:text/plain,hello",
      base64(red.slice(0, 99)),
      base64(red),
    ];

    expect(labelsOf(await several(jsonPost({ images })))).toEqual([
      "blue",
      "invalid_argument",
      "invalid_argument",
      "invalid_image",
      "red",
    ]);
    expect((await several(jsonPost({ images: [base64(red)] }))).results).toHaveLength(1);
  });

  it.each<readonly [string, RequestInit, number, string]>([
    ["what is not JSON", imagePost("{", "application/json"), 400, "invalid_argument"],
    ["what is not UTF-8", imagePost(new Uint8Array([0xff]), "application/json"), 400, "invalid_argument"],
    ["an empty object", jsonPost({}), 400, "invalid_argument"],
    ["null", jsonPost(null), 400, "invalid_argument"],
    ["an unknown member", jsonPost({ image: base64(red), url: "http://x" }), 400, "invalid_argument"],
    ["image and images", jsonPost({ image: "", images: [] }), 400, "invalid_argument"],
    ["no images", jsonPost({ images: [] }), 400, "invalid_argument"],
    ["17 images", jsonPost({ images: Array.from({ length: 17 }, () => "") }), 400, "invalid_argument"],
    ["an image that is no text", jsonPost({ image: 7 }), 400, "invalid_argument"],
    ["topK as text", jsonPost({ image: base64(red), topK: "1" }), 400, "invalid_argument"],
    ["a threshold past 1", jsonPost({ image: base64(red), threshold: 1.1 }), 400, "invalid_argument"],
    ["an empty image", jsonPost({ image: "" }), 400, "invalid_image"],
    ["what is not base64", jsonPost({ image: "photo.jpg" }), 400, "invalid_argument"],
    ["15 MB that are no image", jsonPost({ image: "A".repeat(19_999_984) }), 400, "invalid_image"],
    ["more than 20 MB of body", jsonPost({ image: "A".repeat(20_000_000) }), 413, "payload_too_large"],
  ])("refuses %s", async (_, init, status, code) => {
    expect(await problem(init)).toMatchObject({ status, code });
  });
});

describe("Accept: text/plain", () => {
  const headers = { accept: "text/plain" };

  it("gets the top label and nothing else", async () => {
    const response = await edge.fetch("/classify", {
      ...imagePost(green),
      headers: { ...headers, "content-type": "image/png" },
    });

    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(response.headers.get("vary")?.toLowerCase()).toContain("accept");
    expect(await response.text()).toBe("green\n");
  });

  it("gets a line an image, empty for one that failed", async () => {
    const response = await edge.fetch("/classify", { ...formPost([red, red.slice(0, 99), blue]), headers });

    expect(await response.text()).toBe("red\n\nblue\n");
  });

  it("gets a failure as a problem all the same", async () => {
    const response = await edge.fetch("/classify", { method: "POST", headers });

    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  it.each(["*/*", "application/json, text/plain, */*", "text/html", "text/plain;q=0.5, application/json"])(
    "is not what %s asks for",
    async (accept) => {
      const response = await edge.fetch("/classify", {
        ...imagePost(green),
        headers: { accept, "content-type": "image/png" },
      });

      expect(response.headers.get("content-type")).toBe("application/json");
    },
  );
});
