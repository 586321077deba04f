import { concatenate, solidPng } from "../../fixtures/png.ts";

/** Which app a probe asks: a served model; no model; keys asked for; a store that fails; many isolates. */
export type ProbedEdge = "open" | "empty" | "closed" | "failing" | "deployed";

/** A request that makes an operation answer with a status. */
export interface Probe {
  readonly operation: string;
  readonly status: number;
  /** Where it differs from the operation's own path, after `{model}` and `{version}`. */
  readonly path?: string;
  readonly init?: RequestInit;
  /** `open` unless told. */
  readonly edge?: ProbedEdge;
}

/** Statuses that no request can make: of a fault of the server's own, or of two requests at one moment. */
export const unprovoked: Readonly<Record<string, readonly number[]>> = {
  sendFeedback: [409],
  classify: [500],
  classifyByModel: [500],
  listModels: [500],
  readVersionFile: [500],
  readReport: [500],
  isReady: [500],
  v2IsReady: [500],
  v2Model: [500],
  v2ModelReady: [500],
  v2Infer: [500],
  v2VersionModel: [500],
  v2VersionModelReady: [500],
  v2VersionInfer: [500],
  hfClassify: [500],
  hfClassifyByModel: [500],
  recogniseScene: [500],
};

const red = solidPng(20, 20, [255, 0, 0]);
const base64 = btoa(String.fromCharCode(...red));
const gif = new Uint8Array(new TextEncoder().encode("GIF89a, which is not read"));

function post(body: BodyInit, type?: string): RequestInit {
  return { method: "POST", body, ...(type === undefined ? {} : { headers: { "content-type": type } }) };
}

function form(file: Uint8Array<ArrayBuffer>): RequestInit {
  const body = new FormData();
  body.append("image", new File([file], "photo.png"));
  return { method: "POST", body };
}

/** A PNG that says it has 60,000 x 60,000 pixels. */
function giant(): Uint8Array<ArrayBuffer> {
  const png = solidPng(1, 1, [0, 0, 0]);
  const view = new DataView(png.buffer);
  view.setUint32(16, 60_000);
  view.setUint32(20, 60_000);
  return png;
}

function inference(file: Uint8Array): string {
  const data = [btoa(String.fromCharCode(...file))];
  return JSON.stringify({ inputs: [{ name: "image", datatype: "BYTES", shape: [1], data }] });
}

/** What every operation that reads images answers, by the body it is given. */
function imageProbes(
  operation: string,
  send: (file: Uint8Array<ArrayBuffer>) => RequestInit,
  broken: RequestInit,
): Probe[] {
  return [
    { operation, status: 200, init: send(red) },
    { operation, status: 400, init: broken },
    { operation, status: 401, init: send(red), edge: "closed" },
    { operation, status: 403, init: withKey(send(red)), edge: "closed" },
    { operation, status: 413, init: send(giant()) },
    { operation, status: 415, init: send(gif) },
    { operation, status: 503, init: send(red), edge: operation === "v2VersionInfer" ? "failing" : "empty" },
  ];
}

/** The name of the key without the scope; the test puts the key in its place. */
export const otherKey = "a key of another scope";

function withKey(init: RequestInit = {}): RequestInit {
  return { ...init, headers: { ...(init.headers as Record<string, string>), "x-api-key": otherKey } };
}

/** What every operation that needs a key answers without the right one. */
export function keyProbes(operation: string, method = "GET"): Probe[] {
  return [
    { operation, status: 401, init: { method }, edge: "closed" },
    { operation, status: 403, init: withKey({ method }), edge: "closed" },
    { operation, status: 503, init: { method }, edge: "failing" },
  ];
}

const raw = (file: Uint8Array<ArrayBuffer>): RequestInit => post(file, "image/png");
const v2 = (file: Uint8Array): RequestInit => post(inference(file), "application/json");
const binaryHead = JSON.stringify({
  inputs: [
    { name: "image", datatype: "BYTES", shape: [1], parameters: { binary_data_size: red.length + 4 } },
  ],
  parameters: { binary_data_output: true },
});
const v2Binary: RequestInit = {
  method: "POST",
  body: concatenate([
    new TextEncoder().encode(binaryHead),
    new Uint8Array(Uint32Array.of(red.length).buffer),
    red,
  ]),
  headers: { "inference-header-content-length": String(binaryHead.length) },
};
const absentVersion = "20200101T000000Z-00000000";

/** Requests for every operation, in all the ways it is described to answer. */
export const probes: readonly Probe[] = [
  ...imageProbes("classify", raw, post("{}", "application/json")),
  { operation: "classify", status: 200, init: form(red) },
  {
    operation: "classify",
    status: 200,
    init: post(JSON.stringify({ images: [base64, ""] }), "application/json"),
  },
  { operation: "classify", status: 200, path: "/classify?explain=cam&topK=1", init: raw(red) },
  { operation: "classify", status: 200, init: { ...raw(red), headers: { accept: "text/plain" } } },
  { operation: "classify", status: 404, path: `/classify?version=${absentVersion}`, init: raw(red) },
  ...imageProbes("classifyByModel", raw, post("", "image/png")),
  { operation: "classifyByModel", status: 404, path: "/models/nobody/classify", init: raw(red) },
  ...keyProbes("listModels"),
  { operation: "listModels", status: 200 },
  ...keyProbes("readAlias"),
  { operation: "readAlias", status: 200 },
  { operation: "readAlias", status: 304, init: { headers: { "if-none-match": "*" } } },
  { operation: "readAlias", status: 404, path: "/models/{model}/aliases/nobody" },
  { operation: "readAlias", status: 500, path: "/models/{model}/aliases/damaged" },
  ...keyProbes("readVersionFile"),
  { operation: "readVersionFile", status: 200 },
  { operation: "readVersionFile", status: 206, init: { headers: { range: "bytes=0-9" } } },
  { operation: "readVersionFile", status: 304, init: { headers: { "if-none-match": "*" } } },
  { operation: "readVersionFile", status: 404, path: "/models/{model}/versions/{version}/secrets.txt" },
  { operation: "readVersionFile", status: 416, init: { headers: { range: "bytes=99999999-" } } },
  { operation: "v2Server", status: 200 },
  { operation: "v2IsLive", status: 200 },
  { operation: "v2IsReady", status: 200 },
  { operation: "v2IsReady", status: 503, edge: "empty" },
  ...["v2", "v2Version"].flatMap((id): Probe[] => {
    const absent = id === "v2" ? "/v2/models/nobody" : `/v2/models/{model}/versions/${absentVersion}`;
    return [
      ...[`${id}Model`, `${id}ModelReady`].flatMap((operation): Probe[] => [
        ...keyProbes(operation),
        { operation, status: 200 },
        { operation, status: 404, path: operation.endsWith("Ready") ? `${absent}/ready` : absent },
      ]),
      ...imageProbes(`${id}Infer`, v2, post("{}", "application/json")),
      { operation: `${id}Infer`, status: 200, init: v2Binary },
      { operation: `${id}Infer`, status: 404, path: `${absent}/infer`, init: v2(red) },
    ];
  }),
  ...imageProbes("hfClassify", raw, post("{}", "application/json")),
  ...imageProbes("hfClassifyByModel", raw, post("{}", "application/json")),
  { operation: "hfClassifyByModel", status: 404, path: "/hf/models/nobody", init: raw(red) },
  ...imageProbes("recogniseScene", form, post("{}", "application/json")),
  ...keyProbes("readReport"),
  { operation: "readReport", status: 200 },
  { operation: "readReport", status: 404, edge: "empty" },
  ...keyProbes("readMetrics"),
  { operation: "readMetrics", status: 200 },
  { operation: "readMetrics", status: 404, edge: "deployed" },
  { operation: "isLive", status: 200 },
  { operation: "isReady", status: 200 },
  { operation: "isReady", status: 503, edge: "empty" },
  { operation: "describeApi", status: 200 },
  { operation: "readDocs", status: 200 },
  { operation: "openConsole", status: 200 },
  { operation: "readConsoleFile", status: 200, path: "/console/console.js" },
  { operation: "readConsoleFile", status: 404, path: "/console/nothing.js" },
];
