import * as iam from "aws-cdk-lib/aws-iam";
import type * as s3 from "aws-cdk-lib/aws-s3";

/** The first part of the keys that a role may read or write; `shared/contract/object-keys.ts` builds them. */
export type RecordPrefix = "backbones" | "datasets" | "feedback" | "locks" | "models" | "runs";

/** Lets a role read objects below these prefixes of the record. */
export function readStatement(bucket: s3.IBucket, prefixes: readonly RecordPrefix[]): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: "ReadRecord",
    actions: ["s3:GetObject"],
    resources: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}/*`)),
  });
}

/** Lets a role write objects below these prefixes of the record. */
export function writeStatement(bucket: s3.IBucket, prefixes: readonly RecordPrefix[]): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: "WriteRecord",
    actions: ["s3:PutObject"],
    resources: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}/*`)),
  });
}

/**
 * Lets a role list the record. Without this right on the whole bucket S3 answers 403 for an object that is not there,
 * and nobody could tell that from an object that may not be read.
 */
export function listStatement(bucket: s3.IBucket): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: "ListRecord",
    actions: ["s3:ListBucket"],
    resources: [bucket.bucketArn],
  });
}
