import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import * as z from "zod/mini";
import { installInfraPackages } from "../../infra/install-packages.ts";
import { deploymentNamed } from "../../infra/config/deployments.ts";
import { localMachineFile, localMachineText } from "../../infra/write-local-machine.ts";
import { projectRoot } from "../../trainer/project-root.ts";
import { machineOf } from "./machine.ts";
import { roleStatements } from "./statements.ts";
import { ofType, property, synthesise, type Synthesis } from "./synthesis.ts";

const missing = installInfraPackages();
const requireOfInfra = createRequire(join(projectRoot, "infra", "app.ts"));
const { training } = deploymentNamed("prod");

describe.skipIf(missing !== null)("what is deployed", () => {
  let dev: Synthesis;
  let prod: Synthesis;
  beforeAll(async () => {
    [dev, prod] = await Promise.all([synthesise("dev"), synthesise("prod")]);
    // Two processes of seven seconds each, which share the machine with the other tests.
  }, 300_000);
  afterAll(() => Promise.all([dev, prod].map((synthesis) => synthesis.remove())));

  it("keeps data on deletion", ({ expect }) => {
    const buckets = ofType(prod, "AWS::S3::Bucket");
    const secrets = ofType(prod, "AWS::SecretsManager::Secret");
    expect(buckets).toHaveLength(2);
    for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of [...buckets, ...secrets]) {
      expect([id, DeletionPolicy, UpdateReplacePolicy]).toEqual([id, "Retain", "Retain"]);
    }
    const [, record] = buckets.find(([id]) => id.includes("/Record")) ?? [];
    expect(record && property(record, "VersioningConfiguration.Status")).toBe("Enabled");
  });

  it("no public access", ({ expect }) => {
    for (const [, bucket] of ofType(prod, "AWS::S3::Bucket")) {
      expect(property(bucket, "PublicAccessBlockConfiguration")).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
    }
    const policies = ofType(prod, "AWS::S3::BucketPolicy").map(([, policy]) => JSON.stringify(policy));
    expect(policies).toHaveLength(2);
    for (const policy of policies) expect(policy).toContain('"aws:SecureTransport":"false"');
    expect(policies.join("")).not.toMatch(/"Effect":"Allow","Principal":(\{"AWS":"\*"\}|"\*")/);
  });

  it("abort terminates the job", ({ expect }) => {
    const statements = roleStatements(prod).filter(({ owner }) => owner.includes("/RetrainMachineRole"));
    const granted = (action: string) => statements.find(({ actions }) => actions.includes(action));
    expect(granted("batch:TerminateJob")?.resource).toContain(":job/*");
    expect(granted("batch:DescribeJobs")?.resource).toBe('"*"');
    expect(granted("batch:SubmitJob")?.resource).not.toContain("*");
    const waiting = Object.values(machineOf(prod).States).filter(({ Resource }) => isBatch(Resource));
    expect(waiting).toHaveLength(4);
    for (const { Resource } of waiting) expect(Resource).toMatch(/submitJob\.sync$/);
  });

  it("the GPU job cannot run over 6 hours", ({ expect }) => {
    const jobs = ofType(prod, "AWS::Batch::JobDefinition");
    const withGpu = jobs.filter(([, job]) => JSON.stringify(job).includes('"Type":"GPU"'));
    expect(withGpu).toHaveLength(1);
    expect(withGpu.map(([, job]) => property(job, "Timeout.AttemptDurationSeconds"))).toEqual([6 * 3600]);
    expect(training.trainHours).toBe(6);
    for (const [, job] of jobs) {
      expect(property(job, "RetryStrategy.EvaluateOnExit")).toEqual([
        { Action: "RETRY", OnStatusReason: "Host EC2*" },
        { Action: "RETRY", OnReason: "CannotPullContainerError:*" },
        { Action: "EXIT", OnReason: "*" },
      ]);
    }
  });

  it("training cannot reach the internet", ({ expect }) => {
    for (const type of ["AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"]) {
      expect(ofType(prod, type), type).toEqual([]);
    }
    const kinds = ofType(prod, "AWS::EC2::VPCEndpoint").map(([, point]) =>
      property(point, "VpcEndpointType"),
    );
    expect(kinds.filter((kind) => kind === "Gateway")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "Interface")).toHaveLength(6);
    for (const [, subnet] of ofType(prod, "AWS::EC2::Subnet")) {
      expect(property(subnet, "MapPublicIpOnLaunch")).toBe(false);
    }
    const [, toS3] =
      ofType(prod, "AWS::EC2::VPCEndpoint").find(
        ([, point]) => property(point, "VpcEndpointType") === "Gateway",
      ) ?? [];
    const allowed = z.array(statementSchema).parse(toS3 && property(toS3, "PolicyDocument.Statement"));
    expect(allowed.map(({ Sid }) => Sid)).toEqual(["OwnBuckets", "ImageLayers"]);
    expect(allowed[0]?.Condition).toEqual({
      StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } },
    });
  });

  it("nothing connects in, in the cheap network either", ({ expect }) => {
    expect(ofType(dev, "AWS::EC2::NatGateway")).toEqual([]);
    expect(ofType(dev, "AWS::EC2::SecurityGroupIngress")).toEqual([]);
    for (const [, group] of ofType(dev, "AWS::EC2::SecurityGroup")) {
      expect(property(group, "SecurityGroupIngress")).toBeUndefined();
    }
  });

  it("only publish can write models", ({ expect }) => {
    const writers = roleStatements(prod).filter(
      ({ actions, resource }) =>
        actions.some((action) => /^s3:(Put|Delete|\*)/.test(action)) && resource.includes("/models/*"),
    );
    expect(writers.map(({ owner }) => owner)).toEqual([
      expect.stringMatching(/^edgewise-prod-pipeline\/ReleaseRole/),
    ]);
    const deleters = roleStatements(prod).filter(({ actions }) =>
      actions.some((action) => /^(s3:Delete|s3:\*|\*)/.test(action)),
    );
    expect(deleters, "nobody can delete").toEqual([]);
  });

  it("idle costs no instance", ({ expect }) => {
    const environments = ofType(prod, "AWS::Batch::ComputeEnvironment");
    expect(environments).toHaveLength(2);
    for (const [, environment] of environments) {
      const { ComputeResources: compute } = computeSchema.parse(environment.Properties);
      expect(compute).toMatchObject({ MinvCpus: 0, MaxvCpus: training.maximumVcpus });
      expect(compute.InstanceTypes).toEqual(training.instanceTypes);
      expect(compute.Ec2Configuration).toEqual([{ ImageType: "ECS_AL2023_NVIDIA" }]);
      expect(compute.LaunchTemplate).toMatchObject({ Version: "$Latest" });
    }
    expect(environments.map(([, environment]) => property(environment, "ComputeResources.Type"))).toEqual([
      "SPOT",
      "EC2",
    ]);
    for (const type of ["AWS::EC2::Instance", "AWS::ECS::Service", "AWS::EC2::NatGateway"]) {
      expect(ofType(prod, type)).toEqual([]);
    }
  });

  it("every state has a catch and a timeout", ({ expect }) => {
    const { States: states, TimeoutSeconds: whole } = machineOf(prod);
    const tasks = Object.entries(states).filter(([, { Type }]) => Type === "Task");
    expect(tasks.length).toBeGreaterThan(15);
    for (const [name, { Catch, TimeoutSeconds }] of tasks) {
      expect(
        Catch?.flatMap(({ ErrorEquals }) => ErrorEquals),
        name,
      ).toContain("States.ALL");
      expect(TimeoutSeconds, name).toBeLessThanOrEqual(whole);
    }
  });

  it("uses only what the local runner can execute", async ({ expect }) => {
    const machine = machineOf(prod);
    expect(JSON.stringify(machine)).not.toMatch(/QueryLanguage|"Assign"|"Arguments"|waitForTaskToken/);
    const kinds = new Set(Object.values(machine.States).map(({ Type }) => Type));
    expect([...kinds].toSorted()).toEqual(["Choice", "Fail", "Succeed", "Task", "Wait"]);
    const { default: validate } = validatorSchema.parse(
      await import(requireOfInfra.resolve("asl-validator")),
    );
    expect(validate(machine)).toMatchObject({ isValid: true });
    const broken = { ...machine, StartAt: "Nowhere" };
    expect(validate(broken)).toMatchObject({ isValid: false });
  });

  it("is the machine that runs at home", async ({ expect }) => {
    const atHome = await readFile(localMachineFile, "utf8");
    expect(JSON.parse(localMachineText(prod.folder, "prod"))).toEqual(JSON.parse(atHome));
  });

  it("has functions that start, and refuse what is no task of theirs", async ({ expect }) => {
    for (const id of ["Decide", "Release"]) {
      const stdout = await callFunction(prod, id, { RECORD_BUCKET: "edgewise-record" });
      expect(stdout).toMatch(/^invalid_argument: .*(input of the pipeline|SERVING_SECRET)/);
    }
  });

  it("measures how long the oldest job has waited, and alarms", async ({ expect }) => {
    const asked: unknown[] = [];
    const waits = new Map([
      ["RUNNABLE", [{ jobId: "1", jobName: "train", createdAt: Date.now() - 7_200_000 }]],
      ["PENDING", [{ jobId: "2", jobName: "evaluate", createdAt: Date.now() - 60_000 }]],
    ]);
    const server = createServer((request, response) => {
      void json(request).then((body) => {
        asked.push(body);
        const { jobStatus } = z.object({ jobStatus: z.string() }).parse(body);
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ jobSummaryList: waits.get(jobStatus) ?? [] }));
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = z.object({ port: z.number() }).parse(server.address());
    const stdout = await callFunction(prod, "QueueAge", {
      JOB_QUEUE: "gpu",
      DEPLOYMENT: "prod",
      AWS_ENDPOINT_URL_BATCH: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
    });
    server.close();

    const { QueueAge: seconds, ...metric } = z
      .looseObject({ QueueAge: z.number() })
      .parse(JSON.parse(stdout));
    expect(seconds).toBeGreaterThanOrEqual(7200);
    expect(seconds).toBeLessThan(7300);
    expect(metric).toMatchObject({
      Deployment: "prod",
      _aws: { CloudWatchMetrics: [{ Namespace: "Edgewise", Dimensions: [["Deployment"]] }] },
    });
    expect(asked).toContainEqual({ jobQueue: "gpu", jobStatus: "RUNNABLE" });
    const [, alarm] = ofType(prod, "AWS::CloudWatch::Alarm").find(([id]) => id.includes("QueueAge")) ?? [];
    const metricOfAlarm = {
      Namespace: "Edgewise",
      MetricName: "QueueAge",
      Dimensions: [{ Name: "Deployment", Value: "prod" }],
    };
    expect(alarm?.Properties).toMatchObject({
      Threshold: (training.capacityWaitHours * 3600) / 2,
      Metrics: [{ MetricStat: { Metric: metricOfAlarm } }],
    });
  });

  it("has no finding, and tells of every one that is acknowledged", ({ expect }) => {
    for (const { report } of [dev, prod]) {
      expect(report.pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
      const nag = report.pluginReports.find(({ pluginName }) => pluginName === "AwsSolutions");
      expect(nag?.suppressedViolations?.length).toBeGreaterThan(10);
    }
  });

  it("runs jobs as nobody, with nothing writable but their scratch", ({ expect }) => {
    for (const [, job] of ofType(prod, "AWS::Batch::JobDefinition")) {
      const container = property(job, "ContainerProperties");
      expect(container).toMatchObject({ User: "10001:10001", ReadonlyRootFilesystem: true });
      expect(container).not.toHaveProperty("Privileged", true);
      expect(property(job, "ContainerProperties.LinuxParameters")).toMatchObject({
        InitProcessEnabled: true,
        SharedMemorySize: 2048,
      });
    }
  });
});

/** Calls a bundled function in a process of its own. @returns what it wrote */
async function callFunction(
  { folder, resources }: Synthesis,
  id: string,
  env: Record<string, string>,
): Promise<string> {
  const [, resource] = [...resources].find(([key]) => key.includes(`/${id}Function`)) ?? [];
  const key = z.string().parse(resource && property(resource, "Code.S3Key"));
  const url = JSON.stringify(pathToFileURL(join(folder, `asset.${key.replace(/\.zip$/, "")}`, "index.mjs")));
  const code =
    `const { handler } = await import(${url});` +
    "await handler({ task: 'none' }).catch(({ name, message }) => console.log(`${name}: ${message}`));";
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], {
    env: { AWS_REGION: "eu-west-1", ...env },
  });
  return stdout;
}

const computeSchema = z.object({
  ComputeResources: z.looseObject({
    InstanceTypes: z.array(z.string()),
    Ec2Configuration: z.unknown(),
    LaunchTemplate: z.unknown(),
  }),
});
const statementSchema = z.looseObject({ Sid: z.string(), Condition: z.optional(z.unknown()) });
const validatorSchema = z.object({
  default: z.custom<(machine: object) => unknown>((value) => typeof value === "function"),
});

function isBatch(resource: unknown): boolean {
  return typeof resource === "string" && resource.includes(":batch:");
}
