import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { buildSync } from "esbuild";
import { retentionOf } from "./retention.ts";

/** Options of {@link TaskFunction}. */
export interface TaskFunctionProps {
  /** A file `<entry>.lambda.ts` beside this one that exports `handler`. */
  readonly entry: "decide" | "release" | "queue-age";
  readonly description: string;
  readonly environment: Record<string, string>;
  readonly logDays: number;
}

/** Longest that one task may take. */
export const taskTimeout = Duration.minutes(10);

/** A function for some tasks of the pipeline: the trainer's own code in one file, with a role of its own. */
export class TaskFunction extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: TaskFunctionProps) {
    super(scope, id);
    const logGroup = new logs.LogGroup(this, "Logs", {
      retention: retentionOf(props.logDays),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new iam.Role(this, "Role", {
      assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com"),
      description: props.description,
    });
    logGroup.grantWrite(this.role);
    const folder = bundle(props.entry);
    this.function = new lambda.Function(this, "Function", {
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: lambda.Code.fromAsset(folder),
      handler: "index.handler",
      description: props.description,
      role: this.role,
      logGroup,
      memorySize: 1024,
      timeout: taskTimeout,
      environment: props.environment,
    });
    // It was copied among the assets.
    rmSync(folder, { recursive: true });
  }
}

/**
 * Makes the handler and all it imports, of exact versions, one module; the same sources give the same bytes.
 * @returns a temporary folder that holds it and the codec
 */
function bundle(entry: string): string {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-lambda-"));
  buildSync({
    entryPoints: [fileURLToPath(new URL(`${entry}.lambda.ts`, import.meta.url))],
    outfile: join(folder, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    keepNames: true,
    logLevel: "error",
    // Parts of the SDK are CommonJS and call `require`, which a module does not have.
    banner: {
      js: 'import { createRequire } from "node:module";const require=createRequire(import.meta.url);',
    },
  });
  const codec = fileURLToPath(new URL("../../shared/image/codec/codec.wasm", import.meta.url));
  copyFileSync(codec, join(folder, "codec.wasm"));
  return folder;
}
