import { type Duration, Size } from "aws-cdk-lib";
import * as batch from "aws-cdk-lib/aws-batch";
import type { DockerImageAsset } from "aws-cdk-lib/aws-ecr-assets";
import * as ecs from "aws-cdk-lib/aws-ecs";
import type * as iam from "aws-cdk-lib/aws-iam";
import type * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { JobTask } from "../../shared/contract/pipeline.ts";

/** Options of {@link TrainerJob}. */
export interface TrainerJobProps {
  /** A task of `edgewise pipeline job`. */
  readonly task: JobTask;
  readonly image: DockerImageAsset;
  readonly jobRole: iam.IRole;
  readonly logGroup: logs.ILogGroup;
  /** Name of the bucket that is the record. */
  readonly recordBucket: string;
  /** Whether it needs the graphics card. */
  readonly gpu: boolean;
  readonly memoryMib: number;
  /** An attempt is ended after this. */
  readonly timeout: Duration;
}

/** Attempts, so that an instance may be reclaimed twice; nothing else is tried again. */
export const attempts = 3;

/** A job definition for one long task of the pipeline: not root, nothing writable but its scratch and /tmp. */
export class TrainerJob extends Construct {
  readonly definition: batch.EcsJobDefinition;

  constructor(scope: Construct, id: string, props: TrainerJobProps) {
    super(scope, id);
    this.definition = new batch.EcsJobDefinition(this, "Definition", {
      container: this.#container(props),
      parameters: { runId: "unset" },
      timeout: props.timeout,
      retryAttempts: attempts,
      retryStrategies: [
        batch.RetryStrategy.of(batch.Action.RETRY, batch.Reason.SPOT_INSTANCE_RECLAIMED),
        batch.RetryStrategy.of(batch.Action.RETRY, batch.Reason.CANNOT_PULL_CONTAINER),
        // A fault of the code would else be trained three times.
        batch.RetryStrategy.of(batch.Action.EXIT, batch.Reason.custom({ onReason: "*" })),
      ],
      propagateTags: true,
    });
  }

  #container(props: TrainerJobProps): batch.EcsEc2ContainerDefinition {
    const linuxParameters = new batch.LinuxParameters(this, "Linux", {
      // An init that passes SIGTERM on, by which training writes its checkpoint.
      initProcessEnabled: true,
      // 64 MB by default; tensors are handed over through it.
      sharedMemorySize: Size.gibibytes(2),
    });
    linuxParameters.addTmpfs({
      containerPath: "/tmp",
      size: Size.gibibytes(1),
      mountOptions: [batch.TmpfsMountOption.RW, batch.TmpfsMountOption.NOSUID, batch.TmpfsMountOption.NODEV],
    });
    return new batch.EcsEc2ContainerDefinition(this, "Container", {
      image: ecs.ContainerImage.fromDockerImageAsset(props.image),
      command: ["pipeline", "job", props.task, "--run", "Ref::runId", "--scratch", "/scratch", "--json"],
      environment: {
        EDGEWISE_STORE: `s3://${props.recordBucket}`,
        HOME: "/tmp",
        NODE_OPTIONS: "--max-old-space-size=8192",
        ...(props.gpu
          ? {
              // libtensorflow trains on the processor, silently, where it does not find the card.
              EDGEWISE_REQUIRE_GPU: "1",
              TF_FORCE_GPU_ALLOW_GROWTH: "true",
              CUDA_CACHE_PATH: "/scratch/.nv",
            }
          : {}),
      },
      cpu: 4,
      memory: Size.mebibytes(props.memoryMib),
      ...(props.gpu ? { gpu: 1 } : {}),
      jobRole: props.jobRole,
      user: "10001:10001",
      readonlyRootFilesystem: true,
      linuxParameters,
      volumes: [batch.EcsVolume.host({ name: "scratch", containerPath: "/scratch" })],
      ulimits: [{ name: batch.UlimitName.NOFILE, softLimit: 65_535, hardLimit: 65_535 }],
      logging: ecs.LogDriver.awsLogs({ streamPrefix: props.task, logGroup: props.logGroup }),
    });
  }
}
