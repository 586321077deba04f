import { BatchClient, type JobSummary, paginateListJobs } from "@aws-sdk/client-batch";

/** States of a job that waits for an instance. */
const waiting = ["SUBMITTED", "PENDING", "RUNNABLE"] as const;

/** Writes the metric `QueueAge`: seconds since the oldest job that waits was submitted, 0 where none does. */
export async function handler(): Promise<void> {
  const client = new BatchClient({});
  const jobs: JobSummary[] = [];
  for (const jobStatus of waiting) {
    const pages = paginateListJobs({ client }, { jobQueue: process.env["JOB_QUEUE"], jobStatus });
    for await (const { jobSummaryList = [] } of pages) jobs.push(...jobSummaryList);
  }
  const now = Date.now();
  const submitted = jobs.map(({ createdAt = now }) => createdAt);
  const metric = {
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: "Edgewise",
          Dimensions: [["Deployment"]],
          Metrics: [{ Name: "QueueAge", Unit: "Seconds" }],
        },
      ],
    },
    Deployment: process.env["DEPLOYMENT"],
    QueueAge: (now - Math.min(now, ...submitted)) / 1000,
  };
  process.stdout.write(`${JSON.stringify(metric)}\n`);
}
