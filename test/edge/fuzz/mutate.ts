import type { RandomStream } from "../../../trainer/training/random.ts";
import { concatenate } from "../../fixtures/png.ts";
import type { SeedRequest } from "./seed-requests.ts";

/** A request as it goes out. */
export interface FuzzedRequest {
  /** Of the seed and of what was done to it. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

type Bytes = Uint8Array;
type BodyMutation = (body: Bytes, random: RandomStream, other: Bytes) => Bytes;
type Draft = { -readonly [Key in keyof FuzzedRequest]: FuzzedRequest[Key] };
type HeadMutation = (request: Draft, random: RandomStream, other: SeedRequest) => Draft;

const largestBody = 400_000;
const numbers = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const texts = [
  "null",
  "-1e309",
  "99999999999999999999",
  "[".repeat(5000),
  '{"__proto__":{"a":1}}',
  "\\u0000",
  "\ud83d\ude00",
  "\r\n\r\n",
  "\r\n------seed\r\n",
  "data:image/png;base64,",
  '","image":"',
  "\u0000".repeat(200),
];

const bodyMutations: Readonly<Record<string, BodyMutation>> = {
  flip: (body, random) => changed(body, random, 1, (byte) => byte ^ (1 << random.integer(8))),
  noise: (body, random) => changed(body, random, 1 + random.integer(16), () => random.integer(256)),
  truncate: (body, random) => body.slice(0, random.integer(body.length + 1)),
  remove: (body, random) => {
    const [from, to] = sliceOf(body, random);
    return concatenate([body.slice(0, from), body.slice(to)]);
  },
  repeat: (body, random) => {
    const [from, to] = sliceOf(body, random);
    const times = 1 + random.integer(20);
    const copies = Array.from({ length: times }, () => body.slice(from, to));
    return concatenate([body.slice(0, to), ...copies, body.slice(to)]);
  },
  number: (body, random) => {
    const value = pick(numbers, random);
    const copy = body.slice();
    const at = random.integer(Math.max(1, copy.length - 4));
    if (copy.length >= 4) new DataView(copy.buffer).setUint32(at, value, random.integer(2) === 0);
    return copy;
  },
  digits: (body, random) => {
    const text = latin1(body);
    const found = [...text.matchAll(/\d+/g)];
    const one = found[random.integer(Math.max(1, found.length))];
    if (one === undefined) return body;
    const value = String(pick(numbers, random));
    return fromLatin1(text.slice(0, one.index) + value + text.slice(one.index + one[0].length));
  },
  text: (body, random) => inserted(body, random, new TextEncoder().encode(pick(texts, random))),
  splice: (body, random, other) => {
    const [from, to] = sliceOf(other, random);
    return inserted(body, random, other.slice(from, to));
  },
  swap: (_, __, other) => other,
};

const headMutations: Readonly<Record<string, HeadMutation>> = {
  type: (request, _, other) => withHeader(request, "content-type", other.contentType),
  strange: (request, random) =>
    withHeader(
      request,
      "content-type",
      pick(
        [
          "",
          "text/html",
          "image/",
          "multipart/form-data",
          "multipart/form-data; boundary=",
          `multipart/form-data; boundary="${"x".repeat(80)}"`,
          "application/json; charset=utf-16",
          "multipart/form-data; boundary=a; boundary=b",
          "x".repeat(4000),
        ],
        random,
      ),
    ),
  query: (request, random) => {
    const query = pick(
      [
        "topK=0",
        "topK=1e9",
        "threshold=NaN",
        "alias=../x",
        "version=1",
        "explain=cam&explain=no",
        "%00=%ff",
        "a".repeat(3000),
      ],
      random,
    );
    return { ...request, path: `${request.path}${request.path.includes("?") ? "&" : "?"}${query}` };
  },
  path: (request, random) => {
    const more = pick(
      ["/", "//", "/%2e%2e/x", "/%00", "/%ff%fe", "%", `/${"a".repeat(2000)}`, "/..;/x", "/\\x"],
      random,
    );
    const [path = "", query] = request.path.split("?", 2);
    return { ...request, path: `${path}${more}${query === undefined ? "" : `?${query}`}` };
  },
  method: (request, random) => ({
    ...request,
    method: pick(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"], random),
  }),
  header: (request, random) => {
    const [name, value] = pick(
      [
        ["accept", "text/plain;q=zz, */*;q=2"],
        ["accept", "x".repeat(3000)],
        ["authorization", "Basic %%%"],
        ["authorization", `Bearer ${"e".repeat(3000)}`],
        ["x-request-id", "<script>"],
        ["idempotency-key", "\u00ff"],
        ["range", "bytes=9999999999999999-0"],
        ["if-none-match", '"'.repeat(500)],
        ["origin", "null"],
        ["content-encoding", "gzip"],
        ["expect", "200-maybe"],
        ["inference-header-content-length", "99999999"],
      ] as const,
      random,
    );
    return withHeader(request, name, value);
  },
};

/** A request made wrong in one to four ways, always the same ones by the same random numbers. */
export function mutate(
  seed: SeedRequest,
  others: readonly SeedRequest[],
  random: RandomStream,
): FuzzedRequest {
  const { name, method, path, contentType, body } = seed;
  const headers: Record<string, string> = contentType === "" ? {} : { "content-type": contentType };
  let request: Draft = { name, method, path, headers, body };
  const times = 1 + random.integer(4);
  for (let i = 0; i < times; i++) {
    const other = pick(others, random);
    const inHead = seed.body.length === 0 || random.integer(4) === 0;
    const kind = pick(Object.keys(inHead ? headMutations : bodyMutations), random);
    const head = headMutations[kind];
    if (inHead && head !== undefined) request = head(request, random, other);
    else {
      const mutated = bodyMutations[kind]?.(request.body, random, other.body) ?? request.body;
      request.body = mutated.slice(0, largestBody);
    }
    request.name += `, ${kind}`;
  }
  return request;
}

function changed(body: Bytes, random: RandomStream, times: number, change: (byte: number) => number): Bytes {
  const copy = body.slice();
  for (let i = 0; i < times && copy.length > 0; i++) {
    const at = random.integer(copy.length);
    copy[at] = change(copy[at] ?? 0);
  }
  return copy;
}

function inserted(body: Bytes, random: RandomStream, piece: Bytes): Bytes {
  const at = random.integer(body.length + 1);
  return concatenate([body.slice(0, at), piece, body.slice(at)]);
}

function sliceOf(body: Bytes, random: RandomStream): readonly [from: number, to: number] {
  const from = random.integer(body.length + 1);
  return [from, from + random.integer(body.length - from + 1)];
}

function withHeader(request: Draft, name: string, value: string): Draft {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

function pick<T>(values: readonly T[], random: RandomStream): T {
  return values[random.integer(values.length)] as T;
}

function latin1(bytes: Bytes): string {
  return Buffer.from(bytes).toString("latin1");
}

function fromLatin1(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "latin1"));
}
