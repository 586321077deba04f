import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Client, createClient } from "../../../edge/client/client.ts";
import { ClientError } from "../../../edge/client/client-error.ts";
import type { SendOptions } from "../../../edge/client/send.ts";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import { putKeys, testKey } from "../../fixtures/api-keys.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "../console/console-worker.ts";

const red = solidPng(60, 40, [255, 0, 0]);
const blue = solidPng(60, 40, [0, 0, 255]);

let workers: ConsoleWorkers;
let worker: LocalWorker;
let version: string;

beforeAll(async () => {
  workers = await openConsoleWorkers();
  worker = await workers.start("colours");
  const bundle = await handMadeBundle({ model: "colours" });
  await putVersion(worker.bucket, bundle);
  await putAlias(worker.bucket, bundle);
  version = bundle.manifest.version;
});

afterAll(() => workers.stop());

async function failureOf(call: Promise<unknown>): Promise<ClientError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

describe("a client of the served Worker", () => {
  let client: Client;
  beforeAll(() => {
    client = createClient({ url: `${worker.url}/` });
  });

  it.each([
    ["a Blob", new Blob([red], { type: "image/png" })],
    ["an ArrayBuffer", red.buffer],
    ["a Uint8Array", red],
  ])("classifies %s", async (_, image) => {
    const { predictions, model, unknown } = await client.classify(image);

    expect(predictions.map(({ label }) => label)[0]).toBe("red");
    expect({ model, unknown }).toEqual({ model: "colours", unknown: false });
  });

  it("passes on what it is asked", async () => {
    const answer = await client.classify(red, {
      model: "colours",
      version,
      topK: 1,
      threshold: 1,
      explain: "cam",
    });

    expect(answer).toMatchObject({ version, threshold: 1, recognized: false, explanation: { width: 16 } });
    expect(answer.predictions).toHaveLength(1);
  });

  it("classifies several images, each with its own outcome, and one as a list of one", async () => {
    const several = await client.classifyMany([red, new Uint8Array(9), blue], { topK: 1 });
    const single = await client.classifyMany([blue]);

    expect(several.results.map(({ outcome }) => outcome)).toEqual(["classified", "failed", "classified"]);
    expect(several.results[2]).toMatchObject({ predictions: [{ label: "blue" }], name: "image-2" });
    expect(single.results).toMatchObject([
      { outcome: "classified", predictions: [{ label: "blue" }, {}, {}] },
    ]);
  });

  it("lists models and reads an alias", async () => {
    expect(await client.models()).toMatchObject([{ model: "colours", versions: [version] }]);
    expect(await client.alias("colours")).toMatchObject({ alias: "champion", version });
  });

  it("throws the server's problem, typed", async () => {
    const failure = await failureOf(client.classify(new TextEncoder().encode("GIF89a, not read")));

    expect(failure).toMatchObject({
      code: "unsupported_media_type",
      status: 415,
      isRetryable: false,
      problem: { title: "Unsupported media type" },
      requestId: expect.stringMatching(/.{8}/),
    });
    expect(failure.message).toBe(failure.problem?.detail);
  });

  it("sends its API key, and says what is wrong with one", async () => {
    const closed = await workers.start("colours", { open: false });
    const key = await testKey("00000001");
    const bundle = await handMadeBundle({ model: "colours" });
    await putVersion(closed.bucket, bundle);
    await putAlias(closed.bucket, bundle);
    await putKeys(closed.bucket, key);

    const { predictions } = await createClient({ url: closed.url, apiKey: key.key }).classify(red);
    const failure = await failureOf(createClient({ url: closed.url }).classify(red));

    expect(predictions[0]?.label).toBe("red");
    expect(failure).toMatchObject({ code: "unauthorized", status: 401 });
  });
});

describe("a client in React Native", () => {
  /** As React Native has it: parts may be names of files, which its `fetch` reads. */
  class NativeForm {
    readonly parts: { readonly name: string; readonly value: unknown }[] = [];
    append(name: string, value: unknown): void {
      this.parts.push({ name, value });
    }
  }
  const PlatformForm = FormData;
  const files: Record<string, Uint8Array<ArrayBuffer>> = { "file:///red.png": red, "file:///blue.png": blue };
  const nativeFetch: SendOptions["fetch"] = (url, { body, ...init }) => {
    const form = new PlatformForm();
    const parts = body instanceof NativeForm ? body.parts : [];
    for (const { name, value } of parts as {
      name: string;
      value: { uri: string; type: string; name: string };
    }[]) {
      form.append(name, new File([files[value.uri] ?? ""], value.name, { type: value.type }));
    }
    return fetch(url, { ...init, body: form });
  };

  it("sends files by their URIs, one or several", async () => {
    vi.stubGlobal("FormData", NativeForm);
    try {
      const { client } = clientOf(nativeFetch);
      const one = await client.classify({ uri: "file:///red.png", type: "image/png" }, { topK: 1 });
      const { results } = await client.classifyMany([
        { uri: "file:///red.png", type: "image/png" },
        { uri: "file:///blue.png", name: "second.png" },
      ]);

      expect(one.predictions).toMatchObject([{ label: "red" }]);
      expect(results).toMatchObject([
        { predictions: [{ label: "red" }, {}, {}] },
        { name: "second.png", predictions: [{ label: "blue" }, {}, {}] },
      ]);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

/** Fails with these answers first, then asks the Worker. */
function failingFirst(...answers: (() => Response)[]): SendOptions["fetch"] & { readonly sent: number[] } {
  const sent: number[] = [];
  const send = async (url: string, init: RequestInit): Promise<Response> => {
    sent.push(sent.length);
    const answer = answers[sent.length - 1];
    return answer === undefined ? fetch(url, init) : answer();
  };
  return Object.assign(send, { sent });
}

const busy =
  (headers: Record<string, string> = {}) =>
  (): Response =>
    new Response(JSON.stringify({ code: "model_unavailable", status: 503, detail: "loading", title: "" }), {
      status: 503,
      headers,
    });
const offline = (): Response => {
  throw new TypeError("fetch failed");
};

/** A client whose waits take no time but are written down. */
function clientOf(fetchLike: SendOptions["fetch"], retries = 3): { client: Client; waits: number[] } {
  const waits: number[] = [];
  const client = createClient({
    url: worker.url,
    fetch: fetchLike,
    retries,
    random: () => 0.5,
    wait: async (milliseconds) => void waits.push(milliseconds),
  });
  return { client, waits };
}

/** The page of a proxy that wants a log-in. */
const portal = (): Response => new Response("<html>log in</html>", { status: 200 });

/** A server that never answers. */
const never: SendOptions["fetch"] = (_, init) =>
  new Promise((_resolve, reject) => {
    init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
  });

describe("what a client does about failures", () => {
  it("asks again with growing waits, until it is answered", async () => {
    const { client, waits } = clientOf(failingFirst(busy(), offline, busy()));

    expect((await client.classify(red)).predictions[0]?.label).toBe("red");
    expect(waits).toEqual([125, 250, 500]);
  });

  it("waits as long as the server says, in seconds or until a date", async () => {
    const inAMinute = new Date(Date.now() + 4000).toUTCString();
    const { client, waits } = clientOf(
      failingFirst(busy({ "retry-after": "2" }), busy({ "retry-after": inAMinute })),
    );
    await client.classify(red);

    expect(waits[0]).toBe(2125);
    expect(waits[1]).toBeGreaterThan(2000);
    expect(waits[1]).toBeLessThan(4200);
  });

  it("does not wait longer than it may, and says when to come back", async () => {
    const { client, waits } = clientOf(failingFirst(busy({ "retry-after": "3600" })));
    const failure = await failureOf(client.classify(red));

    expect(failure).toMatchObject({ code: "model_unavailable", status: 503, retryAfterSeconds: 3600 });
    expect(waits).toEqual([]);
  });

  it("gives up after its retries, with the last failure", async () => {
    const fetchLike = failingFirst(offline, offline, busy());
    const failure = await failureOf(clientOf(fetchLike, 1).client.classify(red));

    expect(failure).toMatchObject({ code: "unreachable", status: null, isRetryable: true });
    expect(fetchLike.sent).toHaveLength(2);
  });

  it("does not repeat what is its own fault", async () => {
    const fetchLike = failingFirst();
    await failureOf(clientOf(fetchLike).client.classify(new Uint8Array(3)));

    expect(fetchLike.sent).toHaveLength(1);
  });

  it("takes the page of a proxy for what it is", async () => {
    const failure = await failureOf(clientOf(failingFirst(portal)).client.classify(red));

    expect(failure).toMatchObject({ code: "unexpected_answer", status: 200, problem: null });
  });

  it("ends an attempt that takes too long, and a call that is aborted", async () => {
    const slow = await failureOf(clientOf(never, 0).client.classify(red, { timeoutMs: 5 }));
    const caller = new AbortController();
    const call = clientOf(never).client.classify(red, { signal: caller.signal });
    caller.abort();

    expect(slow).toMatchObject({ code: "timeout", isRetryable: true });
    expect(await failureOf(call)).toMatchObject({ code: "aborted", isRetryable: false });
    expect(await failureOf(clientOf(never).client.models({ signal: caller.signal }))).toMatchObject({
      code: "aborted",
    });
  });

  it("ends a wait that is aborted", async () => {
    const caller = new AbortController();
    const client = createClient({
      url: worker.url,
      fetch: async () => {
        caller.abort();
        return busy({ "retry-after": "5" })();
      },
    });

    expect(await failureOf(client.models({ signal: caller.signal }))).toMatchObject({ code: "aborted" });
  });
});
