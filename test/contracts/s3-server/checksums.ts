import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { crc32 } from "node:zlib";
import { S3Fault } from "./s3-fault.ts";

const checksums: Readonly<Record<string, (body: Buffer) => string>> = {
  "content-md5": (body) => createHash("md5").update(body).digest("base64"),
  "x-amz-checksum-sha1": (body) => createHash("sha1").update(body).digest("base64"),
  "x-amz-checksum-sha256": (body) => createHash("sha256").update(body).digest("base64"),
  "x-amz-checksum-crc32": (body) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString("base64");
  },
};

/** Takes apart a body in the framing `aws-chunked`: the payload, and the headers that trail it. */
export function readAwsChunked(framed: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = framed.indexOf("\r\n", at);
    if (lineEnd < 0) throw new S3Fault(400, "IncompleteBody");
    const size = Number.parseInt(framed.subarray(at, lineEnd).toString().split(";")[0] ?? "", 16);
    at = lineEnd + 2;
    if (size === 0) break;
    parts.push(framed.subarray(at, at + size));
    at += size + 2;
  }
  const lines = framed.subarray(at).toString().split("\r\n");
  const trailers = Object.fromEntries(
    lines.flatMap((line) => {
      const colon = line.indexOf(":");
      return colon > 0 ? [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]] : [];
    }),
  );
  return { body: Buffer.concat(parts), trailers };
}

/** Compares a body with every digest that came with it. @throws S3Fault BadDigest */
export function verifyChecksums(headers: IncomingHttpHeaders | Record<string, string>, body: Buffer): void {
  for (const [name, checksum] of Object.entries(checksums)) {
    const wanted = headers[name];
    if (wanted !== undefined && checksum(body) !== wanted) throw new S3Fault(400, "BadDigest", name);
  }
}
