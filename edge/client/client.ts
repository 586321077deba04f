import type { PublicAlias } from "../../shared/contract/alias.ts";
import type { ClassifyAnswer, ClassifyImagesAnswer } from "../../shared/contract/classify.ts";
import type { ClassifyOptions } from "../../shared/contract/classify-request.ts";
import type { ListedModel } from "../../shared/contract/service.ts";
import { bodyOfImage, bodyOfImages, type ImageBody, type ImageSource } from "./image-source.ts";
import { sendForJson, type SendOptions, waitFor } from "./send.ts";

/** How a client reaches its server. */
export interface ClientOptions {
  /** Where the server answers, e.g. `https://edgewise.example.workers.dev`. */
  readonly url: string | URL;
  readonly apiKey?: string;
  /** Longest time of one attempt; 15,000 ms unless told. */
  readonly timeoutMs?: number;
  /** Attempts after the first; 3 unless told. */
  readonly retries?: number;
  /** Longest wait before another attempt; 10,000 ms unless told. */
  readonly longestWaitMs?: number;
  /**
   * Images are shrunk to it before they are sent, where the platform can (browsers); 1024 unless told. Models look at a
   * few hundred pixels; `null` sends what it is given, which answers exactly as the file would.
   */
  readonly longestSide?: number | null;
  /** In place of the platform's. */
  readonly fetch?: SendOptions["fetch"];
  readonly random?: SendOptions["random"];
  readonly wait?: SendOptions["wait"];
}

/** What every call may be given. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** What a classification may be given. */
export interface ClassifyCall extends ClassifyOptions, CallOptions {
  /** Another model than the one that serves. */
  readonly model?: string;
  /** Answers by what this alias points at. */
  readonly alias?: string;
  /** Answers by this version. */
  readonly version?: string;
  readonly longestSide?: number | null;
}

/** A server of edgewise. All calls throw {@link ClientError}. */
export interface Client {
  /** The classes of one image. */
  classify(image: ImageSource, call?: ClassifyCall): Promise<ClassifyAnswer>;
  /** The classes of 1 to 16 images of 20 MB together, each with its own outcome; a single one that fails throws. */
  classifyMany(images: readonly ImageSource[], call?: ClassifyCall): Promise<ClassifyImagesAnswer>;
  /** The models, their versions and aliases. */
  models(call?: CallOptions): Promise<readonly ListedModel[]>;
  /** The version an alias points at, for an app that runs the model itself. */
  alias(model: string, alias?: string, call?: CallOptions): Promise<PublicAlias>;
}

/**
 * A client for browsers, Node and React Native, without dependencies.
 * @example const { predictions } = await createClient({ url, apiKey }).classify(photo, { topK: 3 });
 */
export function createClient(options: ClientOptions): Client {
  const root = String(options.url).replace(/\/+$/, "");
  const longestSide = options.longestSide === undefined ? 1024 : options.longestSide;

  async function ask<T>(
    path: string,
    { body, type }: ImageBody | NoBody,
    isAnswer: (answer: unknown) => answer is T,
    call: CallOptions,
  ): Promise<T> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (options.apiKey !== undefined) headers["authorization"] = `Bearer ${options.apiKey}`;
    if (type !== null) headers["content-type"] = type;
    const init = body === null ? { headers } : { method: "POST", headers, body };
    return sendForJson(root + path, init, isAnswer, sendOptions(options, call));
  }

  const sideOf = (call: ClassifyCall): number | null =>
    call.longestSide === undefined ? longestSide : call.longestSide;

  return {
    classify: async (image, call = {}) =>
      ask(classifyPath(call), await bodyOfImage(image, sideOf(call)), isClassifyAnswer, call),
    classifyMany: async (images, call = {}) =>
      listOf(await ask(classifyPath(call), await bodyOfImages(images, sideOf(call)), isEitherAnswer, call)),
    models: async (call = {}) => (await ask("/models", noBody, isModelList, call)).models,
    alias: (model, alias = "champion", call = {}) =>
      ask(`/models/${encodeURIComponent(model)}/aliases/${encodeURIComponent(alias)}`, noBody, isAlias, call),
  };
}

interface NoBody {
  readonly body: null;
  readonly type: null;
}

const noBody: NoBody = { body: null, type: null };

const isClassifyAnswer = hasKeys<ClassifyAnswer>("version", "predictions");
const isImagesAnswer = hasKeys<ClassifyImagesAnswer>("results");
const isModelList = hasKeys<{ readonly models: readonly ListedModel[] }>("models");
const isAlias = hasKeys<PublicAlias>("version", "manifestSha256");

function isEitherAnswer(body: unknown): body is ClassifyAnswer | ClassifyImagesAnswer {
  return isClassifyAnswer(body) || isImagesAnswer(body);
}

/** Tells an answer by its members: its types are those that the server was built with, and not checked twice. */
function hasKeys<T>(...keys: readonly (keyof T & string)[]): (body: unknown) => body is T {
  return (body): body is T => typeof body === "object" && body !== null && keys.every((key) => key in body);
}

function sendOptions(options: ClientOptions, call: CallOptions): SendOptions {
  return {
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    timeoutMs: call.timeoutMs ?? options.timeoutMs ?? 15_000,
    retries: options.retries ?? 3,
    longestWaitMs: options.longestWaitMs ?? 10_000,
    signal: call.signal,
    random: options.random ?? Math.random,
    wait: options.wait ?? waitFor,
    clock: Date.now,
  };
}

function classifyPath({ model, alias, version, topK, threshold, explain }: ClassifyCall): string {
  const asked = Object.entries({ topK, threshold, explain, alias, version }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  const path = model === undefined ? "/classify" : `/models/${encodeURIComponent(model)}/classify`;
  return asked.length === 0 ? path : `${path}?${asked.join("&")}`;
}

/** A form with one file is answered as one image; a list of one is what was asked for. */
function listOf(answer: ClassifyAnswer | ClassifyImagesAnswer): ClassifyImagesAnswer {
  if ("results" in answer) return answer;
  const { model, requestId, ...classified } = answer;
  return { model, requestId, results: [{ outcome: "classified", name: null, ...classified }] };
}
