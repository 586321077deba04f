import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { AppError } from "../../shared/contract/errors.ts";
import { checkKey, checkPageSize } from "../../shared/store/object-key.ts";
import type {
  GetOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  StoredObject,
} from "../../shared/store/object-store.ts";
import { checkedSha256, preconditionFailed } from "../../shared/store/put-conditions.ts";
import { attemptsOf, statusOf, storeError } from "./s3-errors.ts";

/** A bucket, and what stands before every key in it. */
export interface S3Place {
  readonly bucket: string;
  /** Empty or ending with `/`. */
  readonly prefix: string;
}

/** Times a conditional put is tried when the service says that another one was under way (409). */
const conflictAttempts = 4;

/**
 * A client for AWS S3, Cloudflare R2 and what speaks their protocol.
 * Checksums are sent only where the operation demands them: R2 refuses some of the newer ones, and the store checks SHA-256
 * itself. `AWS_ENDPOINT_URL_S3` names another service.
 */
export function createS3Client(
  service: { readonly endpoint?: string; readonly region?: string },
  more: S3ClientConfig = {},
): S3Client {
  const endpoint = service.endpoint ?? process.env["AWS_ENDPOINT_URL_S3"];
  return new S3Client({
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 5,
    // A service that accepts and then says nothing must not hold a job for good.
    requestHandler: { connectionTimeout: 5000, socketTimeout: 30_000 },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(service.region === undefined ? {} : { region: service.region }),
    ...more,
  });
}

/** A store in an S3 bucket; etags are the service's own. Objects are written in one request each. */
export function createS3Store(client: S3Client, place: S3Place): ObjectStore {
  return new S3Store(client, place);
}

class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #place: S3Place;

  constructor(client: S3Client, place: S3Place) {
    this.#client = client;
    this.#place = place;
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    const object = this.#object(key);
    try {
      const answer = await this.#client.send(
        new GetObjectCommand({
          ...object,
          ...(options.ifNoneMatch === undefined ? {} : { IfNoneMatch: options.ifNoneMatch }),
        }),
      );
      const sizeBytes = answer.ContentLength ?? 0;
      if (sizeBytes > (options.mostBytes ?? Infinity)) {
        await answer.Body?.transformToWebStream().cancel();
        return { kind: "larger", sizeBytes };
      }
      const bytes = await answer.Body?.transformToByteArray();
      if (bytes === undefined || answer.ETag === undefined) throw this.#incomplete(key);
      return { kind: "found", info: { key, sizeBytes: bytes.length, etag: answer.ETag }, bytes };
    } catch (error) {
      const status = statusOf(error);
      if (status === 304) return { kind: "unchanged" };
      if (isMissingObject(error)) return { kind: "missing" };
      throw storeError(error, this.#place, `read ${key}`);
    }
  }

  async head(key: string): Promise<ObjectInfo | null> {
    const object = this.#object(key);
    try {
      const answer = await this.#client.send(new HeadObjectCommand(object));
      if (answer.ETag === undefined) throw this.#incomplete(key);
      return { key, sizeBytes: answer.ContentLength ?? 0, etag: answer.ETag };
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw storeError(error, this.#place, `look at ${key}`);
    }
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
    const object = this.#object(key);
    const body = bytes.slice();
    await checkedSha256(key, body, options.sha256);
    const md5 = createHash("md5").update(body).digest();
    const command = new PutObjectCommand({
      ...object,
      Body: body,
      ContentLength: body.length,
      ContentMD5: md5.toString("base64"),
      ...(options.ifMatch === undefined ? {} : { IfMatch: options.ifMatch }),
      ...(options.ifNoneMatch === undefined ? {} : { IfNoneMatch: options.ifNoneMatch }),
    });
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { ETag: etag } = await this.#client.send(command);
        if (etag === undefined) throw this.#incomplete(key);
        return { key, sizeBytes: body.length, etag };
      } catch (error) {
        const status = statusOf(error);
        if (status === 409 && attempt < conflictAttempts) continue;
        if (!isLost(error, options)) throw storeError(error, this.#place, `write ${key}`);
        const own = attemptsOf(error) > 1 ? await this.head(key) : null;
        // An earlier attempt was done though its answer was lost: the object is the one that was to be written.
        if (own?.etag === `"${md5.toString("hex")}"`) return own;
        throw preconditionFailed(key, options);
      }
    }
  }

  async list(
    prefix: string,
    options: { readonly cursor?: string; readonly limit?: number } = {},
  ): Promise<ListPage> {
    const limit = checkPageSize(options.limit);
    try {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#place.bucket,
          Prefix: `${this.#place.prefix}${prefix}`,
          MaxKeys: limit,
          ...(options.cursor === undefined ? {} : { ContinuationToken: options.cursor }),
        }),
      );
      const objects = (page.Contents ?? []).flatMap((item): ObjectInfo[] => {
        const key = item.Key?.slice(this.#place.prefix.length);
        if (key === undefined || item.ETag === undefined || !isKey(key)) return [];
        return [{ key, sizeBytes: item.Size ?? 0, etag: item.ETag }];
      });
      const cursor = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      return cursor === undefined ? { objects } : { objects, cursor };
    } catch (error) {
      throw storeError(error, this.#place, `list ${prefix === "" ? "all" : prefix}`);
    }
  }

  async delete(key: string): Promise<void> {
    const object = this.#object(key);
    try {
      await this.#client.send(new DeleteObjectCommand(object));
    } catch (error) {
      if (isMissingObject(error)) return;
      throw storeError(error, this.#place, `delete ${key}`);
    }
  }

  #object(key: string): { Bucket: string; Key: string } {
    checkKey(key);
    return { Bucket: this.#place.bucket, Key: `${this.#place.prefix}${key}` };
  }

  #incomplete(key: string): AppError {
    return new AppError(
      "store_unavailable",
      `bucket ${this.#place.bucket} answered for ${key} without bytes or etag; check that the endpoint speaks S3`,
    );
  }
}

/** Whether the object is not there; a bucket that is not there is another matter. */
function isMissingObject(error: unknown): boolean {
  return statusOf(error) === 404 && error instanceof Error && error.name !== "NoSuchBucket";
}

/** Whether a put lost against what is stored. S3 answers an If-Match on nothing with 404. */
function isLost(error: unknown, options: PutOptions): boolean {
  const status = statusOf(error);
  if (status === 412 || status === 409) return true;
  return options.ifMatch !== undefined && isMissingObject(error);
}

/** Whether a listed key is one that stores hold; consoles make objects like `folder/` that are none. */
function isKey(key: string): boolean {
  try {
    checkKey(key);
    return true;
  } catch {
    return false;
  }
}
