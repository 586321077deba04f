import { env, exports } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ClassifyAnswer } from "../../../shared/contract/classify.ts";
import { createR2Store } from "../../../shared/store/r2-binding-store.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  pureColours,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { drawPng, type Rgb, solidPng } from "../../fixtures/png.ts";
import { imagePost } from "./open-edge.ts";

const [red, green, blue] = pureColours.map((colour) => solidPng(60, 40, colour)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

function send(path: string, init?: RequestInit): Promise<Response> {
  return exports.default.fetch(new Request(`http://localhost${path}`, init));
}

async function classify(init: RequestInit, query = ""): Promise<ClassifyAnswer> {
  const response = await send(`/classify${query}`, init);
  expect(response.status).toBe(200);
  return response.json();
}

function formOf(...files: readonly Uint8Array[]): FormData {
  const form = new FormData();
  form.append("note", "of no interest");
  for (const [i, file] of files.entries()) form.append(`image${i}`, new File([file], `photo-${i}.png`));
  return form;
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

let bundle: HandMadeBundle;

afterAll(() => vi.restoreAllMocks());

beforeAll(async () => {
  // the Worker logs every request
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  const store = createR2Store(env.MODELS);
  bundle = await handMadeBundle({ editManifest: (manifest) => (manifest.thresholds = [0.9, 0.9, 0.999]) });
  await putVersion(store, bundle);
  await putAlias(store, bundle);
});

describe("POST /classify", () => {
  it("answers requests that arrive together at a fresh isolate", async () => {
    const answers = await Promise.all(
      [red, green, blue, red, green].map((image) => classify(imagePost(image))),
    );

    expect(answers.map((answer) => answer.predictions[0]?.label)).toEqual([
      "red",
      "green",
      "blue",
      "red",
      "green",
    ]);
  });

  it("answers with model, version, the classes in order and the request id", async () => {
    const response = await send("/classify", imagePost(green));
    const answer: ClassifyAnswer = await response.json();

    expect(answer).toEqual({
      model: "default",
      version: bundle.manifest.version,
      predictions: [
        { label: "green", classIndex: 1, probability: expect.closeTo(0.998, 2) },
        { label: expect.any(String), classIndex: expect.any(Number), probability: expect.closeTo(0, 2) },
        { label: expect.any(String), classIndex: expect.any(Number), probability: expect.closeTo(0, 2) },
      ],
      unknown: false,
      threshold: 0.9,
      recognized: true,
      requestId: response.headers.get("x-request-id"),
    });
    expect(response.headers.get("server-timing")).toMatch(/model;desc="warm"/);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it.each(["image/png", "image/jpeg", "image/x-anything", "application/octet-stream", "IMAGE/PNG; q=1"])(
    "takes a body of type %s for an image and finds out which",
    async (contentType) => {
      expect((await classify(imagePost(blue, contentType))).predictions[0]?.label).toBe("blue");
    },
  );

  it("takes a body without a type", async () => {
    const request = new Request("http://localhost/classify", { method: "POST", body: blue });
    request.headers.delete("content-type");

    expect((await exports.default.fetch(request)).status).toBe(200);
  });

  it("takes the one file of a form, whatever its field is called", async () => {
    expect((await classify({ method: "POST", body: formOf(red) })).predictions[0]?.label).toBe("red");
  });

  it("takes a body of unknown length", async () => {
    const body = new FixedLengthStream(red.length);
    const writer = body.writable.getWriter();
    const sent = writer.write(red).then(() => writer.close());
    const request = new Request("http://localhost/classify", imagePost(body.readable));
    request.headers.delete("content-length");

    expect((await exports.default.fetch(request)).status).toBe(200);
    await sent;
  });

  it("answers as many classes as asked for, all when asked for more", async () => {
    expect((await classify(imagePost(red), "?topK=1")).predictions).toHaveLength(1);
    expect((await classify(imagePost(red), "?topK=999")).predictions).toHaveLength(3);
  });

  it("calls an image recognised by the class's own threshold, or by the one asked for", async () => {
    expect((await classify(imagePost(blue))).recognized).toBe(false);
    expect((await classify(imagePost(blue), "?threshold=0.5")).recognized).toBe(true);
    expect((await classify(imagePost(red), "?threshold=1")).recognized).toBe(false);
  });

  it.each([
    "?topK=0",
    "?topK=1.5",
    "?topK=x",
    "?threshold=2",
    "?threshold=-1",
    "?threshold=",
    "?threshold=1e3",
  ])("refuses the query %s", async (query) => {
    const response = await send(`/classify${query}`, imagePost(red));

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });
});

describe("POST /classify refuses", () => {
  const huge = drawPng(64, 64, (x, y): Rgb => [x, y, 0]);
  // the size in a PNG's header is not covered by what follows but for its checksum, which is read later
  new DataView(huge.buffer).setUint32(16, 60_000);

  it.each<readonly [string, RequestInit, number, string]>([
    ["a GIF", imagePost(latin1("GIF89a\u0001\0\u0001\0\0\0\0;"), "image/gif"), 415, "unsupported_media_type"],
    [
      "a HEIC",
      imagePost(latin1("\0\0\0\u0018ftypheic\0\0\0\0mif1heic"), "image/heic"),
      415,
      "unsupported_media_type",
    ],
    ["a PDF", imagePost(latin1("%PDF-1.7\n1 0 obj<<>>endobj"), "image/jpeg"), 415, "unsupported_media_type"],
    ["a type that is no image", imagePost("x", "text/plain"), 415, "unsupported_media_type"],
    [
      "curl's default type",
      imagePost("x=1", "application/x-www-form-urlencoded"),
      415,
      "unsupported_media_type",
    ],
    ["no body", { method: "POST" }, 400, "invalid_image"],
    ["an empty body", imagePost(new Uint8Array()), 400, "invalid_image"],
    ["a truncated image", imagePost(red.slice(0, 200)), 400, "invalid_image"],
    ["garbage", imagePost(new Uint8Array(5000).fill(0xa7)), 400, "invalid_image"],
    ["a form without a file", { method: "POST", body: formOf() }, 400, "invalid_argument"],
    ["a form that is none", imagePost("hello", "multipart/form-data; boundary=x"), 400, "invalid_argument"],
    ["a form without a boundary", imagePost("hello", "multipart/form-data"), 400, "invalid_argument"],
    [
      "a form with a truncated file",
      { method: "POST", body: formOf(red.slice(0, 99)) },
      400,
      "invalid_image",
    ],
    ["too many bytes", imagePost(new Uint8Array(15_000_001)), 413, "payload_too_large"],
    ["far too many bytes", imagePost(new Uint8Array(61_000_000)), 413, "payload_too_large"],
    [
      "a form of too many bytes",
      { method: "POST", body: formOf(new Uint8Array(15_100_000)) },
      413,
      "payload_too_large",
    ],
    ["too many pixels", imagePost(huge), 413, "image_too_large"],
  ])("%s, and answers the next request", async (_, init, status, code) => {
    const response = await send("/classify", init);

    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const requestId = response.headers.get("x-request-id");
    expect(await response.json()).toEqual({
      type: `urn:edgewise:problem:${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: `urn:request:${requestId}`,
      code,
    });
    expect((await classify(imagePost(red))).predictions[0]?.label).toBe("red");
  });

  it("a stream that is longer than allowed, without reading all of it", async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      type: "bytes",
      pull(controller) {
        pulled += 1_000_000;
        controller.enqueue(new Uint8Array(1_000_000));
      },
    });
    const response = await send("/classify", imagePost(endless));

    expect(response.status).toBe(413);
    expect(pulled).toBeLessThan(70_000_000);
  });
});

describe("explain", () => {
  const leftIsRed = drawPng(40, 40, (x) => (x < 26 ? [255, 0, 0] : [0, 0, 255]));

  it("adds the class-activation grid and a picture of it, asked for by query or JSON", async () => {
    const byQuery = await classify(imagePost(leftIsRed), "?explain=cam");
    const body = JSON.stringify({ image: btoa(String.fromCharCode(...leftIsRed)), explain: "cam" });
    const byJson = await classify(imagePost(body, "application/json"));

    expect(byQuery.explanation).toMatchObject({ method: "cam", label: "red", width: 16, height: 16 });
    expect(byQuery.explanation?.values.slice(0, 4)).toEqual([1, 1, 1, 1].map(() => expect.closeTo(1, 0)));
    expect(byQuery.explanation?.overlay).toMatch(/^data:image\/png;base64,iVBORw0KGgo/);
    expect(byJson.explanation).toEqual(byQuery.explanation);
  });

  it("draws an overlay for each of several images", async () => {
    const response = await send("/classify?explain=cam", {
      method: "POST",
      body: formOf(leftIsRed, leftIsRed),
    });
    const { results }: { results: { explanation: { overlay: string } }[] } = await response.json();

    expect(results).toHaveLength(2);
    for (const { explanation } of results) {
      expect(explanation.overlay).toMatch(/^data:image\/png;base64,iVBORw0KGgo/);
    }
  });

  it("is refused where it says anything else", async () => {
    const response = await send("/classify?explain=gradients", imagePost(leftIsRed));

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining("must be cam"),
    });
  });
});
