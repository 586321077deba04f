/**
 * List prices in US dollars, without tax, discounts or free tiers of a new account: AWS us-east-1 and Cloudflare, noted on
 * 2026-11-23 from what the vendors publish (linked). They change: check those that matter before relying on a sum.
 */
export const prices = {
  notedOn: "2026-11-23",
  hoursAMonth: 730,
  /** https://aws.amazon.com/privatelink/pricing/, an endpoint in one zone, an hour. */
  interfaceEndpointHour: 0.01,
  /** https://aws.amazon.com/cloudwatch/pricing/, a month each. */
  alarm: 0.1,
  dashboard: 3,
  customMetric: 0.3,
  /** A GB taken in. */
  logGb: 0.5,
  /** https://aws.amazon.com/secrets-manager/pricing/, a month. */
  secret: 0.4,
  /** https://aws.amazon.com/s3/pricing/, a GB and month. */
  s3Gb: 0.023,
  /** https://aws.amazon.com/ecr/pricing/, a GB and month. */
  ecrGb: 0.1,
  /** https://aws.amazon.com/step-functions/pricing/ */
  thousandTransitions: 0.025,
  /** https://aws.amazon.com/lambda/pricing/, Arm. */
  lambdaGbSecond: 0.0000133334,
  lambdaMillionCalls: 0.2,
  /** https://aws.amazon.com/ec2/pricing/, an hour; what spot costs moves, this is a usual share. */
  g4dnXlargeHour: { onDemand: 0.526, spot: 0.21 },
  /** https://aws.amazon.com/ebs/pricing/, gp3, a GB and month; throughput above 125 MB/s, a MB/s and month. */
  gp3Gb: 0.08,
  gp3Throughput: 0.04,
  /** https://aws.amazon.com/vpc/pricing/, a public IPv4 address, an hour. */
  publicAddressHour: 0.005,
  /** https://developers.cloudflare.com/workers/platform/pricing/ */
  workersPlan: 5,
  workersIncluded: { millionRequests: 10, millionCpuMs: 30 },
  workersMillionRequests: 0.3,
  workersMillionCpuMs: 0.02,
  /** https://developers.cloudflare.com/r2/pricing/ */
  r2Gb: 0.015,
  r2MillionReads: 0.36,
} as const;
