import type { Miniflare } from "miniflare";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseJsonWith, parseWith } from "../../shared/contract/parse.ts";
import type { R2BucketLike } from "../../shared/store/r2-binding-store.ts";

/** Name of the Worker that hands out the bucket. */
export const bucketWorkerName = "bucket";

/**
 * A Worker beside the one that serves, with the same bucket. Miniflare's own way to a bucket asks for every property of
 * an object by a call that stops this process; when the serving Worker waits at that moment for this process to read its
 * log, both wait forever.
 */
export const bucketWorkerScript = `
const facts = ({ key, size, etag }) => ({ key, size, etag });
const answer = (object, body = null) =>
  object === null
    ? new Response(null, { status: 404 })
    : new Response(body, { headers: { "x-object": encodeURIComponent(JSON.stringify(facts(object))) } });
export default {
  async fetch(request, { BUCKET }) {
    const { call, key, options } = JSON.parse(decodeURIComponent(request.headers.get("x-call")));
    switch (call) {
      case "head":
        return answer(await BUCKET.head(key));
      case "get": {
        const object = await BUCKET.get(key, options);
        return object === null || "body" in object ? answer(object, object?.body) : new Response(null, { status: 304 });
      }
      case "put":
        return answer(await BUCKET.put(key, await request.arrayBuffer(), options));
      case "list": {
        const { objects, truncated, cursor } = await BUCKET.list(options);
        return Response.json({ objects: objects.map(facts), truncated, cursor });
      }
      case "delete":
        await BUCKET.delete(key);
        return new Response(null, { status: 204 });
    }
  },
};
`;

const objectSchema = z.object({ key: z.string(), size: z.number(), etag: z.string() });
const pageSchema = z.object({
  objects: z.array(objectSchema),
  truncated: z.boolean(),
  cursor: z.optional(z.string()),
});

type Dispatch = Awaited<ReturnType<Miniflare["getWorker"]>>["fetch"];
type BucketObject = NonNullable<Awaited<ReturnType<R2BucketLike["head"]>>>;

/** The bucket behind the bucket Worker. @param dispatch sends a request to it */
export function createBucketClient(dispatch: Dispatch): R2BucketLike {
  async function ask(call: string, key: string, options: unknown = {}, body?: Uint8Array) {
    const response = await dispatch("http://bucket/", {
      method: "POST",
      headers: { "x-call": encodeURIComponent(JSON.stringify({ call, key, options })) },
      ...(body === undefined ? {} : { body }),
    });
    if (response.status >= 500) {
      throw new AppError("store_unavailable", `the local bucket failed at ${call} ${key}`, {
        details: { status: response.status, body: (await response.text()).slice(0, 500) },
      });
    }
    return response;
  }

  return {
    head: async (key) => objectOf(await ask("head", key)),
    get: async (key, options) => {
      const response = await ask("get", key, options);
      // an object without a body says that the condition failed
      if (response.status === 304) return { key, size: 0, etag: "" };
      const object = objectOf(response);
      return object === null ? null : { ...object, arrayBuffer: () => response.arrayBuffer() };
    },
    put: async (key, value, options) => objectOf(await ask("put", key, options, value)),
    list: async (options) => {
      const page: unknown = await (await ask("list", options.prefix, options)).json();
      const { cursor, ...listed } = parseWith(pageSchema, page, "a page of the local bucket", "internal");
      return cursor === undefined ? listed : { ...listed, cursor };
    },
    delete: async (key) => {
      await ask("delete", key);
    },
  };
}

function objectOf(response: { readonly headers: { get(name: string): string | null } }): BucketObject | null {
  const facts = response.headers.get("x-object");
  return facts === null
    ? null
    : parseJsonWith(objectSchema, decodeURIComponent(facts), "an object of the local bucket", "internal");
}
