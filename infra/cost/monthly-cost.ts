import * as z from "zod/mini";
import type { Template } from "../local-machine.ts";
import { prices } from "./prices.ts";

/** One line of a bill. */
export interface CostLine {
  readonly what: string;
  /** How it comes to the sum. */
  readonly how: string;
  /** US dollars a month. */
  readonly dollars: number;
}

/** What is done in a month. */
export interface Workload {
  /** GB of datasets, runs and models in the record. */
  readonly recordGb: number;
  /** GB of the container image as stored. */
  readonly imageGb: number;
  readonly trainings: number;
  /** Hours of one instance a training, audit and evaluations included. */
  readonly hoursATraining: number;
  /** Share of the hours that spot instances give. */
  readonly spotShare: number;
  readonly requests: number;
  /** CPU milliseconds of a Worker a request. */
  readonly cpuMsARequest: number;
}

/** US dollars of a function's call: two seconds of 1 GB. */
const functionCall = 2 * prices.lambdaGbSecond + prices.lambdaMillionCalls / 1e6;
/** Looks at the queue in a month, four an hour. */
const queueLooks = 4 * prices.hoursAMonth;

/** What a month costs in which nothing happens, by the resources that were synthesised. */
export function idleCost(templates: readonly Template[], workload: Workload): CostLine[] {
  const ofType = (type: string): unknown[] =>
    templates
      .flatMap(({ Resources }) => Object.values(Resources))
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties);
  const each = (what: string, count: number, price: number): CostLine =>
    line(what, `${count} of $${price}`, count * price);
  const endpoints = ofType("AWS::EC2::VPCEndpoint").filter(isInterface).length;
  const vcpus = ofType("AWS::Batch::ComputeEnvironment").reduce<number>(
    (sum, properties) => sum + leastVcpus(properties),
    0,
  );
  return [
    each("interface endpoints", endpoints, prices.hoursAMonth * prices.interfaceEndpointHour),
    each("instances that wait", vcpus / 4, prices.hoursAMonth * prices.g4dnXlargeHour.onDemand),
    each("alarms", ofType("AWS::CloudWatch::Alarm").length, prices.alarm),
    each("dashboards", ofType("AWS::CloudWatch::Dashboard").length, prices.dashboard),
    each("secrets", ofType("AWS::SecretsManager::Secret").length, prices.secret),
    line(
      "age of the queue",
      `${queueLooks} looks and a metric`,
      queueLooks * functionCall + prices.customMetric,
    ),
    line("record in S3", `${workload.recordGb} GB`, workload.recordGb * prices.s3Gb),
    line("container image", `${workload.imageGb} GB`, workload.imageGb * prices.ecrGb),
  ];
}

/** Of one training, waiting for its canary included. */
const perTraining = { transitions: 60, functionCalls: 30, logGb: 0.05 } as const;

/** What the trainings of a month add. @param scratchGib disk of an instance @param models that are retrained */
export function trainingCost(
  { trainings, hoursATraining, spotShare }: Workload,
  scratchGib: number,
  models: number,
): CostLine[] {
  const hours = trainings * hoursATraining;
  const { onDemand, spot } = prices.g4dnXlargeHour;
  const hourly = spotShare * spot + (1 - spotShare) * onDemand;
  const disk = scratchGib * prices.gp3Gb + 125 * prices.gp3Throughput;
  const transitions = trainings * perTraining.transitions;
  const calls = trainings * perTraining.functionCalls;
  return [
    line("g4dn.xlarge", `${hours} h, ${spotShare * 100} % of them spot`, hours * hourly),
    line("their disks", `${scratchGib} GB, 250 MB/s`, (hours / prices.hoursAMonth) * disk),
    line("their addresses", "where they have public ones", hours * prices.publicAddressHour),
    line("state transitions", `${transitions}`, (transitions / 1000) * prices.thousandTransitions),
    line("functions", `${calls} calls, 2 s of 1 GB`, calls * functionCall),
    line("logs", `${perTraining.logGb} GB a training`, trainings * perTraining.logGb * prices.logGb),
    line("quality metrics", `3 for each of ${models} models`, 3 * models * prices.customMetric),
  ];
}

/** What serving costs, at Cloudflare. */
export function servingCost({ requests, cpuMsARequest }: Workload): CostLine[] {
  const millions = requests / 1e6;
  const { millionRequests, millionCpuMs } = prices.workersIncluded;
  const moreRequests = Math.max(0, millions - millionRequests);
  const moreCpu = Math.max(0, millions * cpuMsARequest - millionCpuMs);
  return [
    line("Workers plan", `with ${millionRequests} M requests`, prices.workersPlan),
    line("requests", `${moreRequests.toFixed(1)} M more`, moreRequests * prices.workersMillionRequests),
    line("CPU time", `${cpuMsARequest} ms a request`, moreCpu * prices.workersMillionCpuMs),
    line("R2", "1 GB, 5 M reads of aliases", prices.r2Gb + 5 * prices.r2MillionReads),
  ];
}

/** Their sum in US dollars. */
export function totalOf(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}

function line(what: string, how: string, dollars: number): CostLine {
  return { what, how, dollars };
}

const endpointSchema = z.object({ VpcEndpointType: z.literal("Interface") });
const environmentSchema = z.object({ ComputeResources: z.object({ MinvCpus: z.number() }) });

function isInterface(properties: unknown): boolean {
  return z.safeParse(endpointSchema, properties).success;
}

function leastVcpus(properties: unknown): number {
  return environmentSchema.parse(properties).ComputeResources.MinvCpus;
}
