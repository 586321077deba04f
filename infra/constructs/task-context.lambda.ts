import { readFileSync } from "node:fs";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DescribeExecutionCommand, SFNClient } from "@aws-sdk/client-sfn";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { createImageCodec, type ImageCodec } from "../../shared/image/codec.ts";
import type { PipelineContext, QualityMetric, ReleaseContext } from "../../trainer/pipeline/context.ts";
import { createS3Client, createS3Store } from "../../trainer/storage/s3-store.ts";

/** Variables of a function, as `process.env` has them. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What the operator puts into the secret of R2: an API token's S3 credentials and the bucket that Workers read. */
export const servingSecretSchema = z.object({
  accountId: z
    .string()
    .check(z.regex(/^[0-9a-f]{32}$/, "must be the 32 hex digits of the Cloudflare account")),
  bucket: z.string().check(z.minLength(3)),
  accessKeyId: z.string().check(z.minLength(1)),
  secretAccessKey: z.string().check(z.minLength(1)),
});

/** The context of a task inside a function. */
export function createPipelineContext(environment: Environment): PipelineContext {
  const states = new SFNClient({});
  return {
    record: createS3Store(createS3Client({}), { bucket: variable(environment, "RECORD_BUCKET"), prefix: "" }),
    now: () => new Date(),
    isRunning: async (execution) => {
      const { status } = await states.send(new DescribeExecutionCommand({ executionArn: execution }));
      return status === "RUNNING";
    },
    measure: (metric) => process.stdout.write(`${JSON.stringify(embeddedMetric(metric, Date.now()))}\n`),
  };
}

/** The context of a task that writes models; reads the credentials of R2, which may have been changed. */
export async function createReleaseContext(environment: Environment): Promise<ReleaseContext> {
  const secretId = variable(environment, "SERVING_SECRET");
  const { SecretString: text } = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: secretId }),
  );
  const secret = parseJsonWith(servingSecretSchema, text ?? "", `secret ${secretId}`);
  const { accountId, bucket, accessKeyId, secretAccessKey } = secret;
  const client = createS3Client(
    { endpoint: `https://${accountId}.r2.cloudflarestorage.com`, region: "auto" },
    { credentials: { accessKeyId, secretAccessKey } },
  );
  return {
    ...createPipelineContext(environment),
    serving: createS3Store(client, { bucket, prefix: "" }),
    codec: loadBundledCodec,
  };
}

/** A metric in the line of a log, from which CloudWatch takes it; the function needs no right for that. */
export function embeddedMetric({ name, model, value }: QualityMetric, timestamp: number): object {
  return {
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [
        { Namespace: "Edgewise", Dimensions: [["Model"]], Metrics: [{ Name: name, Unit: "None" }] },
      ],
    },
    Model: model,
    [name]: value,
  };
}

/** The codec that lies beside the bundled function. */
function loadBundledCodec(): ImageCodec {
  const bytes = readFileSync(new URL("codec.wasm", import.meta.url));
  // shared/webassembly.d.ts hides the constructor from code that also runs in Workers.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's constructor takes bytes
  const CompiledModule = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
  return createImageCodec(new CompiledModule(bytes));
}

function variable(environment: Environment, name: string): string {
  const value = environment[name];
  if (value !== undefined && value !== "") return value;
  throw new AppError("invalid_argument", `the function has no variable ${name}; deploy it again`);
}
