import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { S3Fault } from "./s3-fault.ts";

/** An object in a bucket. */
export interface BucketObject {
  readonly key: string;
  readonly body: Buffer;
  /** MD5 in quotes, as S3 gives it to an object written in one request. */
  readonly etag: string;
}

/** A page of keys. */
export interface BucketPage {
  readonly objects: readonly BucketObject[];
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}

/** Objects in memory, with the conditions of S3: every call runs to its end before the next begins. */
export class Bucket {
  readonly #objects = new Map<string, BucketObject>();

  read(key: string): BucketObject {
    const object = this.#objects.get(key);
    if (object === undefined) throw new S3Fault(404, "NoSuchKey");
    return object;
  }

  write(key: string, body: Buffer, headers: IncomingHttpHeaders): BucketObject {
    const current = this.#objects.get(key);
    const ifMatch = headers["if-match"];
    if (ifMatch !== undefined && current === undefined) throw new S3Fault(404, "NoSuchKey");
    const lost =
      (ifMatch !== undefined && current?.etag !== ifMatch) ||
      (headers["if-none-match"] === "*" && current !== undefined);
    if (lost) throw new S3Fault(412, "PreconditionFailed");
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const object = { key, body, etag };
    this.#objects.set(key, object);
    return object;
  }

  remove(key: string): void {
    this.#objects.delete(key);
  }

  list(prefix: string, after: string, limit: number): BucketPage {
    const found = [...this.#objects.values()]
      .filter(({ key }) => key.startsWith(prefix) && compare(key, after) > 0)
      .toSorted((a, b) => compare(a.key, b.key));
    const objects = found.slice(0, limit);
    const last = objects.at(-1)?.key;
    return found.length > limit && last !== undefined ? { objects, next: last } : { objects };
  }
}

/** S3 lists keys by their UTF-8 bytes. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
