import { AppError } from "../../shared/contract/errors.ts";

/** Where an object store is. */
export type StoreLocation =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      /** Before every key, empty or ending with `/`. */
      readonly prefix: string;
      /** Of an S3-compatible service; without, the SDK's own settings and then AWS decide. */
      readonly endpoint?: string;
      /** `auto` for R2; without, the SDK's own settings decide. */
      readonly region?: string;
    };

// Names of buckets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
// Ids of Cloudflare accounts are 32 hex digits.
const accountId = /^[0-9a-f]{32}$/;

/**
 * Reads what `--store` says: a folder, `s3://bucket[/prefix]` or `r2://account/bucket[/prefix]`.
 * @throws invalid_argument
 */
export function parseStoreLocation(text: string): StoreLocation {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9]*):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === undefined) return { kind: "folder", path: text };
  const parts = rest.replace(/\/$/, "").split("/");
  if (scheme === "s3") return bucketAt(text, parts, {});
  if (scheme === "r2") {
    const [account = "", ...inside] = parts;
    if (!accountId.test(account)) throw wrong(text, `"${account}" is no account id (32 hex digits)`);
    return bucketAt(text, inside, {
      endpoint: `https://${account}.r2.cloudflarestorage.com`,
      region: "auto",
    });
  }
  throw wrong(text, `"${scheme}://" is not known`);
}

function bucketAt(
  text: string,
  [bucket = "", ...folders]: readonly string[],
  service: { readonly endpoint?: string; readonly region?: string },
): StoreLocation {
  if (!bucketName.test(bucket)) throw wrong(text, `"${bucket}" is no name of a bucket`);
  if (folders.includes("")) throw wrong(text, "a part of the prefix is empty");
  return { kind: "s3", bucket, prefix: folders.map((folder) => `${folder}/`).join(""), ...service };
}

function wrong(text: string, fault: string): AppError {
  return new AppError(
    "invalid_argument",
    `store ${text}: ${fault}; name a folder, s3://bucket[/prefix] or r2://account/bucket[/prefix]`,
  );
}
