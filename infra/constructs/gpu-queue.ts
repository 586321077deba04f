import { Duration } from "aws-cdk-lib";
import * as batch from "aws-cdk-lib/aws-batch";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as iam from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import type { Deployment } from "../config/schema.ts";
import { spotNoticeUserData } from "./spot-notice.ts";

/** Options of {@link GpuQueue}. */
export interface GpuQueueProps {
  readonly vpc: ec2.IVpc;
  readonly subnets: ec2.SubnetSelection;
  readonly securityGroup: ec2.ISecurityGroup;
  readonly training: Deployment["training"];
}

/** A queue of jobs on NVIDIA instances: spot first, on demand where spot has none, no instance where there is no job. */
export class GpuQueue extends Construct {
  readonly queue: batch.JobQueue;

  constructor(scope: Construct, id: string, props: GpuQueueProps) {
    super(scope, id);
    const instanceRole = new iam.Role(this, "InstanceRole", {
      assumedBy: new iam.ServicePrincipal("ec2.amazonaws.com"),
      managedPolicies: [
        iam.ManagedPolicy.fromAwsManagedPolicyName("service-role/AmazonEC2ContainerServiceforEC2Role"),
      ],
    });
    const launchTemplate = this.#launchTemplate(props);
    const environment = (name: string, spot: boolean): batch.ManagedEc2EcsComputeEnvironment =>
      createEnvironment(this, name, { ...props, spot, instanceRole, launchTemplate });
    this.queue = new batch.JobQueue(this, "Queue", {
      computeEnvironments: [
        { computeEnvironment: environment("Spot", true), order: 1 },
        { computeEnvironment: environment("OnDemand", false), order: 2 },
      ],
      // Without these a job that finds no instance waits for ever.
      jobStateTimeLimitActions: [
        {
          reason: batch.JobStateTimeLimitActionsReason.INSUFFICIENT_INSTANCE_CAPACITY,
          maxTime: Duration.hours(props.training.capacityWaitHours),
        },
        {
          reason: batch.JobStateTimeLimitActionsReason.COMPUTE_ENVIRONMENT_MAX_RESOURCE,
          maxTime: Duration.hours(props.training.capacityWaitHours),
        },
        {
          reason: batch.JobStateTimeLimitActionsReason.JOB_RESOURCE_REQUIREMENT,
          maxTime: Duration.minutes(10),
        },
      ],
    });
  }

  #launchTemplate({ training }: GpuQueueProps): ec2.LaunchTemplate {
    return new ec2.LaunchTemplate(this, "Instance", {
      requireImdsv2: true,
      // Containers get their credentials from the agent; one hop keeps them from those of the instance.
      httpPutResponseHopLimit: 1,
      userData: spotNoticeUserData(),
      blockDevices: [
        {
          deviceName: "/dev/xvda",
          volume: ec2.BlockDeviceVolume.ebs(training.scratchGib, {
            encrypted: true,
            deleteOnTermination: true,
            volumeType: ec2.EbsDeviceVolumeType.GP3,
            throughput: 250,
          }),
        },
      ],
    });
  }
}

interface EnvironmentProps extends GpuQueueProps {
  readonly spot: boolean;
  readonly instanceRole: iam.IRole;
  readonly launchTemplate: ec2.ILaunchTemplate;
}

function createEnvironment(
  scope: Construct,
  id: string,
  { vpc, subnets, securityGroup, training, spot, instanceRole, launchTemplate }: EnvironmentProps,
): batch.ManagedEc2EcsComputeEnvironment {
  // No name: a named environment cannot be replaced by an update.
  const environment = new batch.ManagedEc2EcsComputeEnvironment(scope, id, {
    vpc,
    vpcSubnets: subnets,
    securityGroups: [securityGroup],
    spot,
    allocationStrategy: spot
      ? batch.AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED
      : batch.AllocationStrategy.BEST_FIT_PROGRESSIVE,
    minvCpus: 0,
    maxvCpus: training.maximumVcpus,
    instanceTypes: training.instanceTypes.map((type) => new ec2.InstanceType(type)),
    // Else instances without a card are added to the list.
    useOptimalInstanceClasses: false,
    // Else the image without drivers is taken, whatever the instance types.
    images: [{ imageType: batch.EcsMachineImageType.ECS_AL2023_NVIDIA }],
    instanceRole,
    launchTemplate,
    replaceComputeEnvironment: false,
    updateToLatestImageVersion: true,
    updateTimeout: Duration.hours(training.trainHours),
    terminateOnUpdate: false,
  });
  // The construct leaves the version out, which is the first one for ever.
  if (environment.node.defaultChild instanceof batch.CfnComputeEnvironment) {
    environment.node.defaultChild.addPropertyOverride("ComputeResources.LaunchTemplate.Version", "$Latest");
  }
  return environment;
}
