import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import type * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { Deployment } from "../config/schema.ts";
import { createLogBucket, createRecordBucket } from "../constructs/hardened-bucket.ts";

/** Options of {@link StorageStack}. */
export interface StorageStackProps extends StackProps {
  readonly deployment: Deployment;
}

/**
 * The record: one bucket that holds datasets, runs and published models under the prefixes of
 * `shared/contract/object-keys.ts`. The only stack with a memory; deleting it leaves both buckets.
 */
export class StorageStack extends Stack {
  readonly record: s3.Bucket;

  constructor(scope: Construct, id: string, { deployment, ...props }: StorageStackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const { oldVersionDays, runDays, logDays } = deployment.storage;
    this.record = createRecordBucket(this, "Record", {
      accessLogs: createLogBucket(this, "AccessLogs", logDays),
      lifecycleRules: [
        {
          id: "old-versions",
          noncurrentVersionExpiration: Duration.days(oldVersionDays),
          abortIncompleteMultipartUploadAfter: Duration.days(7),
          expiredObjectDeleteMarker: true,
        },
        { id: "runs", prefix: "runs/", expiration: Duration.days(runDays) },
      ],
    });
  }
}
