import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Duration, IgnoreMode, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { DockerImageAsset, Platform } from "aws-cdk-lib/aws-ecr-assets";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import type * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { JobTask } from "../../shared/contract/pipeline.ts";
import type { Deployment } from "../config/schema.ts";
import { GpuQueue } from "../constructs/gpu-queue.ts";
import { retentionOf } from "../constructs/retention.ts";
import { listStatement, readStatement, writeStatement } from "../constructs/statements.ts";
import { TrainerJob } from "../constructs/trainer-job.ts";
import type { NetworkStack } from "./network-stack.ts";

/** Options of {@link TrainingStack}. */
export interface TrainingStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly network: NetworkStack;
  readonly record: s3.IBucket;
}

/** The job definitions of the long tasks. */
export type TrainerJobs = Readonly<Record<JobTask, TrainerJob>>;

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/** What trains: the container image, the queue of GPU instances, and a job definition for every long task. */
export class TrainingStack extends Stack {
  readonly queue: GpuQueue;
  readonly jobs: TrainerJobs;

  constructor(scope: Construct, id: string, { deployment, network, record, ...props }: TrainingStackProps) {
    super(scope, id, props);
    const { training, storage } = deployment;
    const image = new DockerImageAsset(this, "Image", {
      directory: projectRoot,
      file: join("trainer", "Dockerfile"),
      platform: Platform.LINUX_AMD64,
      ignoreMode: IgnoreMode.DOCKER,
      exclude: [
        "*",
        "!package.json",
        "!package-lock.json",
        "!shared",
        "!trainer",
        "**/node_modules",
        "**/*.md",
      ],
      ...(training.baseImage === undefined ? {} : { buildArgs: { BASE_IMAGE: training.baseImage } }),
    });
    this.queue = new GpuQueue(this, "Gpu", {
      vpc: network.vpc,
      subnets: network.subnets,
      securityGroup: network.securityGroup,
      training,
    });
    const jobRole = new iam.Role(this, "JobRole", {
      assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
      description: "Reads datasets and models, writes runs; cannot touch what is published",
    });
    jobRole.addToPolicy(readStatement(record, ["backbones", "datasets", "runs", "models"]));
    jobRole.addToPolicy(writeStatement(record, ["runs"]));
    jobRole.addToPolicy(listStatement(record));
    const logGroup = new logs.LogGroup(this, "Logs", {
      retention: retentionOf(storage.logDays),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const job = (task: JobTask, gpu: boolean, hours: number): TrainerJob =>
      new TrainerJob(this, `${task[0]?.toUpperCase()}${task.slice(1)}`, {
        task,
        gpu,
        image,
        jobRole,
        logGroup,
        recordBucket: record.bucketName,
        memoryMib: training.jobMemoryMib,
        timeout: Duration.hours(hours),
      });
    this.jobs = {
      audit: job("audit", false, training.evaluateHours),
      train: job("train", true, training.trainHours),
      evaluate: job("evaluate", false, training.evaluateHours),
    };
  }
}
