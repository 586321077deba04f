import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { S3Fault } from "./s3-fault.ts";

/** Who may use the server. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A request as it came, body whole. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent, still percent-encoded. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const header =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Checks the signature of a request and the digest of its body.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 * @throws S3Fault AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch, XAmzContentSHA256Mismatch
 */
export function verifySignature(request: SignedRequest, credentials: Credentials): void {
  const [, keyId, day = "", region = "", signed = "", signature = ""] =
    header.exec(request.headers.authorization ?? "") ?? [];
  if (keyId === undefined) throw new S3Fault(403, "AccessDenied");
  if (keyId !== credentials.accessKeyId) throw new S3Fault(403, "InvalidAccessKeyId");
  const bodyDigest = String(request.headers["x-amz-content-sha256"]);
  const names = signed.split(";");
  if (!names.includes("host")) throw new S3Fault(403, "AccessDenied");
  const [path = "", query = ""] = request.url.split("?");
  const canonical = [
    request.method,
    path,
    canonicalQuery(query),
    ...names.map((name) => `${name}:${String(request.headers[name] ?? "").trim()}`),
    "",
    signed,
    bodyDigest,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer>(
    (current, part) => createHmac("sha256", current).update(part).digest(),
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  );
  const wanted = createHmac("sha256", key).update(toSign).digest();
  if (!timingSafeEqual(wanted, Buffer.from(signature, "hex"))) {
    throw new S3Fault(403, "SignatureDoesNotMatch");
  }
  if (/^[0-9a-f]{64}$/.test(bodyDigest) && sha256(request.body) !== bodyDigest) {
    throw new S3Fault(400, "XAmzContentSHA256Mismatch");
  }
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .map((pair) => {
      const [name = "", value = ""] = pair.split("=");
      return [encode(decodeURIComponent(name)), encode(decodeURIComponent(value))].join("=");
    })
    .toSorted()
    .join("&");
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
