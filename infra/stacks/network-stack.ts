import { Fn, Stack, type StackProps } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { Deployment } from "../config/schema.ts";

/** Options of {@link NetworkStack}. */
export interface NetworkStackProps extends StackProps {
  readonly deployment: Deployment;
}

/** What an instance of AWS Batch talks to: its image, its cluster and its logs; S3 goes through a gateway. */
const interfaceServices = {
  EcrApi: ec2.InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Ecs: ec2.InterfaceVpcEndpointAwsService.ECS,
  EcsAgent: ec2.InterfaceVpcEndpointAwsService.ECS_AGENT,
  EcsTelemetry: ec2.InterfaceVpcEndpointAwsService.ECS_TELEMETRY,
} as const;

/** Where training runs: no NAT gateway, nothing may connect in, refused connections logged. */
export class NetworkStack extends Stack {
  readonly vpc: ec2.Vpc;
  readonly subnets: ec2.SubnetSelection;
  readonly securityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, { deployment, ...props }: NetworkStackProps) {
    super(scope, id, props);
    const isolated = deployment.network === "isolated";
    const subnetType = isolated ? ec2.SubnetType.PRIVATE_ISOLATED : ec2.SubnetType.PUBLIC;
    this.vpc = new ec2.Vpc(this, "Vpc", {
      ipAddresses: ec2.IpAddresses.cidr("10.42.0.0/20"),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: "training", subnetType, cidrMask: 24 }],
      flowLogs: {
        Refused: {
          destination: ec2.FlowLogDestination.toCloudWatchLogs(),
          trafficType: ec2.FlowLogTrafficType.REJECT,
        },
      },
    });
    this.subnets = { subnetType };
    this.#addS3Endpoint();
    this.securityGroup = new ec2.SecurityGroup(this, "Training", {
      vpc: this.vpc,
      description: "Training instances: nothing connects in",
      allowAllOutbound: !isolated,
    });
    if (isolated) this.#addEndpoints();
  }

  /** The zones by their place in the account's list: asking which there are would need credentials at synthesis. */
  override get availabilityZones(): string[] {
    return [Fn.select(0, Fn.getAzs()), Fn.select(1, Fn.getAzs())];
  }

  /** The way to S3, for the account's own buckets and the layers of container images only. */
  #addS3Endpoint(): void {
    const endpoint = this.vpc.addGatewayEndpoint("S3", { service: ec2.GatewayVpcEndpointAwsService.S3 });
    endpoint.addToPolicy(
      new iam.PolicyStatement({
        sid: "OwnBuckets",
        principals: [new iam.AnyPrincipal()],
        actions: ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
        resources: ["*"],
        conditions: { StringEquals: { "aws:ResourceAccount": this.account } },
      }),
    );
    endpoint.addToPolicy(
      new iam.PolicyStatement({
        sid: "ImageLayers",
        principals: [new iam.AnyPrincipal()],
        actions: ["s3:GetObject"],
        resources: [`arn:${this.partition}:s3:::prod-${this.region}-starport-layer-bucket/*`],
      }),
    );
  }

  #addEndpoints(): void {
    const endpoints = new ec2.SecurityGroup(this, "Endpoints", {
      vpc: this.vpc,
      description: "Endpoints: training instances connect in",
      allowAllOutbound: false,
    });
    endpoints.addIngressRule(this.securityGroup, ec2.Port.tcp(443), "training");
    this.securityGroup.addEgressRule(endpoints, ec2.Port.tcp(443), "endpoints");
    // S3 keeps its own addresses; the route to them leads to the gateway endpoint and nowhere else.
    this.securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), "S3 by the gateway endpoint");
    for (const [id, service] of Object.entries(interfaceServices)) {
      this.vpc.addInterfaceEndpoint(id, {
        service,
        open: false,
        securityGroups: [endpoints],
        // One zone is half the price; an instance in the other reaches it too.
        subnets: { subnets: this.vpc.isolatedSubnets.slice(0, 1) },
      });
    }
  }
}
