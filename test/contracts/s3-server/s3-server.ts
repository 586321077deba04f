import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Bucket, type BucketObject } from "./bucket.ts";
import { readAwsChunked, verifyChecksums } from "./checksums.ts";
import { S3Fault } from "./s3-fault.ts";
import { type Credentials, type SignedRequest, verifySignature } from "./signature.ts";

/** How the server behaves. */
export interface S3ServerOptions {
  readonly credentials: Credentials;
  readonly bucket: string;
  /**
   * `r2` refuses what Cloudflare R2 refuses: newer checksums, ACLs, tags, encryption headers, bulk deletes.
   * https://developers.cloudflare.com/r2/api/s3/api/
   */
  readonly dialect: "s3" | "r2";
  /** Called with every request before it is answered; may throw an S3Fault, or return "drop" to hang up after the work. */
  readonly onRequest?: (request: SignedRequest) => "drop" | undefined;
}

/** A running server. */
export interface S3Server {
  readonly endpoint: string;
  readonly close: () => Promise<void>;
}

const refusedByR2 =
  /^x-amz-(checksum-|sdk-checksum|trailer|acl|grant-|tagging|server-side-encryption|object-lock|storage-class|expected-bucket-owner)/;

/** Serves one bucket over HTTP with path-style addresses: signatures, digests and conditions are checked as S3 does. */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const bucket = new Bucket();
  const server = createServer((request, response) => {
    void answer(bucket, options, request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, close: () => close(server) };
}

async function answer(
  bucket: Bucket,
  options: S3ServerOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const { method = "", url = "", headers } = incoming;
    const request = { method, url, headers, body: Buffer.concat(parts) };
    verifySignature(request, options.credentials);
    if (options.dialect === "r2") refuseLikeR2(request);
    const outcome = options.onRequest?.(request);
    const serve = prepare(bucket, options.bucket, request);
    if (outcome === "drop") incoming.socket.destroy();
    else serve(response);
  } catch (error) {
    const fault = error instanceof S3Fault ? error : new S3Fault(500, "InternalError", String(error));
    response.writeHead(fault.status, { "content-type": "application/xml" });
    const body = `<Error><Code>${fault.code}</Code><Message>${escape(fault.message)}</Message><RequestId>${randomUUID()}</RequestId></Error>`;
    response.end(incoming.method === "HEAD" ? undefined : body);
  }
}

function refuseLikeR2({ method, url, headers }: SignedRequest): void {
  const header = Object.keys(headers).find((name) => refusedByR2.test(name));
  if (header !== undefined) throw new S3Fault(501, "NotImplemented", `header ${header} is not implemented`);
  if (method === "POST" && /[?&]delete\b/.test(url)) throw new S3Fault(501, "NotImplemented");
}

/** Does what a request asks for. @returns what sends the answer */
function prepare(bucket: Bucket, name: string, request: SignedRequest): (response: ServerResponse) => void {
  const url = new URL(request.url, "http://localhost");
  const [, bucketName, ...parts] = url.pathname.split("/").map(decodeURIComponent);
  if (bucketName !== name) throw new S3Fault(404, "NoSuchBucket");
  const key = parts.join("/");
  if (key === "") return list(bucket, url.searchParams);
  switch (request.method) {
    case "PUT": {
      const { etag } = bucket.write(key, payloadOf(request), request.headers);
      return (response) => response.writeHead(200, { etag }).end();
    }
    case "DELETE":
      bucket.remove(key);
      return (response) => response.writeHead(204).end();
    case "GET":
    case "HEAD":
      return send(bucket.read(key), request);
    default:
      throw new S3Fault(405, "MethodNotAllowed");
  }
}

function payloadOf({ headers, body }: SignedRequest): Buffer {
  const framed = String(headers["x-amz-content-sha256"]).startsWith("STREAMING-");
  const { body: payload, trailers } = framed ? readAwsChunked(body) : { body, trailers: {} };
  verifyChecksums({ ...headers, ...trailers }, payload);
  return payload;
}

function send({ body, etag }: BucketObject, request: SignedRequest): (response: ServerResponse) => void {
  if (request.headers["if-none-match"] === etag) {
    return (response) => response.writeHead(304, { etag }).end();
  }
  return (response) => {
    response.writeHead(200, { etag, "content-length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
  };
}

function list(bucket: Bucket, query: URLSearchParams): (response: ServerResponse) => void {
  const token = query.get("continuation-token") ?? "";
  const after = Buffer.from(token, "base64url").toString();
  const page = bucket.list(query.get("prefix") ?? "", after, Number(query.get("max-keys") ?? 1000));
  const contents = page.objects.map(
    ({ key, etag, body }) =>
      `<Contents><Key>${escape(key)}</Key><ETag>${escape(etag)}</ETag><Size>${body.length}</Size></Contents>`,
  );
  const next =
    page.next === undefined
      ? "<IsTruncated>false</IsTruncated>"
      : `<IsTruncated>true</IsTruncated><NextContinuationToken>${Buffer.from(page.next).toString("base64url")}</NextContinuationToken>`;
  return (response) => {
    response.writeHead(200, { "content-type": "application/xml" });
    response.end(`<ListBucketResult>${contents.join("")}${next}</ListBucketResult>`);
  };
}

function escape(text: string): string {
  return text.replaceAll(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
