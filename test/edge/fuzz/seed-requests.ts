import { loadJpegEncoder } from "../../../trainer/assets.ts";
import { concatenate, solidPng } from "../../fixtures/png.ts";
import { drawScene } from "../../shared/image/draw-scene.ts";
import { readImage } from "../../shared/image/hostile-files.ts";
import { withOrientation } from "../../shared/image/image-files.ts";

/** A request that is answered as it is, for mutations to spoil. */
export interface SeedRequest {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

const boundary = "----seed";
const form = `multipart/form-data; boundary=${boundary}`;

/** A request of every kind of body, with images of every format. */
export function seedRequests(): readonly SeedRequest[] {
  const scene = drawScene(160, 120);
  const encode = loadJpegEncoder();
  const jpeg = encode(scene, 80);
  const turned = withOrientation(encode(scene, 60), 6);
  const png = solidPng(48, 40, [0, 255, 0]);
  const webps = ["lossy.webp", "lossy-alpha.webp", "lossless-alpha.webp", "display-p3-orientation-8.webp"];
  const raw = (name: string, contentType: string, body: Uint8Array): SeedRequest =>
    post(name, "/classify?topK=2", contentType, body);
  return [
    raw("jpeg", "image/jpeg", jpeg),
    raw("jpeg, turned", "image/jpeg", turned),
    raw("png", "image/png", png),
    ...webps.map((name) => raw(name, "image/webp", readImage(name))),
    post("bytes, explained", "/classify?explain=cam", "application/octet-stream", jpeg),
    post("form", "/classify", form, formOf([png])),
    post("form of several", "/classify", form, formOf([jpeg, png, readImage("lossy.webp")])),
    json("json", "/classify", { image: base64(png), topK: 1, threshold: 0.5 }),
    json("json of several", "/classify", { images: [base64(png), `data:image/jpeg;base64,${base64(jpeg)}`] }),
    json("v2, BYTES", "/v2/models/default/infer", {
      id: "1",
      inputs: [{ name: "image", datatype: "BYTES", shape: [1], data: [base64(png)] }],
    }),
    json("v2, FP32", "/v2/models/default/infer", {
      inputs: [
        { name: "input", datatype: "FP32", shape: [1, 2, 2, 3], data: Array.from({ length: 12 }, () => 0.5) },
      ],
    }),
    json("hugging face", "/hf", { inputs: base64(png), parameters: { top_k: 2 } }),
    post("hugging face, bytes", "/hf", "image/jpeg", jpeg),
    post("deepstack", "/v1/vision/scene", form, formOf([png], "api_key")),
    post("camera without a token", "/f/site.gate/none", "image/jpeg", jpeg),
    json("a camera", "/cameras", { id: "site.gate", name: "gate" }),
    json("feedback", "/feedback", { image: base64(png), label: "green", consent: true }),
    { ...post("models", "/models", "", new Uint8Array()), method: "GET" },
    { ...post("an alias", "/models/default/aliases/champion", "", new Uint8Array()), method: "GET" },
  ];
}

/** An image of the class green. */
export function goodImage(): Uint8Array<ArrayBuffer> {
  return solidPng(40, 40, [0, 255, 0]);
}

function post(name: string, path: string, contentType: string, body: Uint8Array): SeedRequest {
  return { name, method: "POST", path, contentType, body };
}

function json(name: string, path: string, value: unknown): SeedRequest {
  return post(name, path, "application/json", bytesOf(JSON.stringify(value)));
}

function formOf(files: readonly Uint8Array[], field?: string): Uint8Array {
  const parts = files.flatMap((file, i) => [
    bytesOf(
      `--${boundary}\r\nContent-Disposition: form-data; name="image${i}"; filename="${i}.jpg"\r\n` +
        "Content-Type: image/jpeg\r\n\r\n",
    ),
    file,
    bytesOf("\r\n"),
  ]);
  const text = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\nvalue\r\n`;
  return concatenate([...parts, bytesOf(field === undefined ? "" : text), bytesOf(`--${boundary}--\r\n`)]);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
