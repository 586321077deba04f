import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

/** What every bucket has: no public access, TLS 1.2 only, encrypted at rest, kept when its stack is deleted. */
const hardened: s3.BucketProps = {
  blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
  encryption: s3.BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
};

/** A bucket for the access logs of others. @param keepDays until a log is removed */
export function createLogBucket(scope: Construct, id: string, keepDays: number): s3.Bucket {
  return new s3.Bucket(scope, id, {
    ...hardened,
    lifecycleRules: [{ expiration: Duration.days(keepDays) }],
  });
}

/** A versioned bucket whose reads and writes are logged, and whose new objects EventBridge hears of. */
export function createRecordBucket(
  scope: Construct,
  id: string,
  options: { readonly accessLogs: s3.IBucket; readonly lifecycleRules: s3.LifecycleRule[] },
): s3.Bucket {
  const bucket = new s3.Bucket(scope, id, {
    ...hardened,
    versioned: true,
    serverAccessLogsBucket: options.accessLogs,
    serverAccessLogsPrefix: "record/",
    lifecycleRules: options.lifecycleRules,
  });
  // `eventBridgeEnabled` of the construct would deploy a function, with rights of its own, to set this one field.
  if (bucket.node.defaultChild instanceof s3.CfnBucket) {
    bucket.node.defaultChild.notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
  }
  return bucket;
}
