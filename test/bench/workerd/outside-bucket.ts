import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Plugin } from "miniflare";
import type { ObjectStore } from "../../../shared/store/object-store.ts";

/** A bucket that lives outside workerd, as R2 does: Miniflare's own is JavaScript on the thread that is measured. */
export interface OutsideBucket {
  /** Host and port. */
  readonly address: string;
  close(): void;
}

const serviceName = "outside-bucket";

/** What Miniflare asks for by this file's name, to bind a bucket of workerd to {@link serveBucket}'s address. */
export const plugins: Readonly<
  Record<string, Pick<Plugin, "getBindings" | "getNodeBindings" | "getServices">>
> = {
  [serviceName]: {
    getBindings: () => [{ name: "MODELS", r2Bucket: { name: serviceName } }],
    getNodeBindings: () => ({}),
    getServices: ({ options }) => {
      const { dev } = (options.config.env?.["MODELS"] ?? {}) as { dev?: { options?: { address?: string } } };
      return [{ name: serviceName, external: { address: dev?.options?.address ?? "", http: {} } }];
    },
  },
};

/** The binding `MODELS` of a Worker, in Miniflare's words. */
export function bindOutside({ address }: OutsideBucket): {
  readonly name: string;
  readonly type: string;
  readonly plugin: { readonly package: string; readonly name: string };
  readonly options: { readonly address: string };
} {
  const plugin = { package: import.meta.filename, name: serviceName };
  return { name: "MODELS", type: serviceName, plugin, options: { address } };
}

/** Answers workerd's `get` of an R2 bucket, from this process. */
export async function serveBucket(store: ObjectStore): Promise<OutsideBucket> {
  const server = createServer((request, response) => {
    request.resume();
    const { object } = JSON.parse(String(request.headers["cf-r2-request"])) as { object: string };
    void answerGet(store, object, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, close: () => server.close() };
}

/** What R2 tells of an object, as JSON, and behind it the object. */
async function answerGet(store: ObjectStore, key: string, response: ServerResponse): Promise<void> {
  const object = await store.get(key);
  if (object.kind !== "found") {
    const error = { version: 1, v4code: 10_007, message: "the object is not there" };
    response.writeHead(404, { "cf-r2-error": JSON.stringify(error) }).end();
    return;
  }
  const { etag, sizeBytes: size } = object.info;
  const facts = {
    name: key,
    version: etag,
    etag,
    size,
    uploaded: 0,
    httpFields: {},
    customFields: [],
    checksums: {},
  };
  const head = Buffer.from(JSON.stringify(facts));
  response
    .writeHead(200, { "cf-r2-metadata-size": head.length, "content-length": head.length + size })
    .end(Buffer.concat([head, object.bytes]));
}
