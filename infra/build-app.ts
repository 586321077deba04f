import { readFileSync } from "node:fs";
import { App, CloudFormationValidatePlugin, Tags, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import cdkSettings from "./cdk.json" with { type: "json" };
import type { Deployment } from "./config/schema.ts";
import { acknowledgeFindings } from "./policy/acknowledgements.ts";
import type { DeployedStacks } from "./stacks/deployed-stacks.ts";
import { NetworkStack } from "./stacks/network-stack.ts";
import { OperationsStack } from "./stacks/operations-stack.ts";
import { PipelineStack } from "./stacks/pipeline-stack.ts";
import { StorageStack } from "./stacks/storage-stack.ts";
import { TrainingStack } from "./stacks/training-stack.ts";

/**
 * An app with the stacks of one deployment, and every check that its synthesis must pass.
 * @param outdir where templates and assets go. @default what the CDK command line says
 */
export function buildApp(
  deployment: Deployment,
  outdir?: string,
): { readonly app: App; readonly stacks: DeployedStacks } {
  // The flags of cdk.json reach an app by the command line only; without it, as in a test, they would be off.
  const app = new App({ outdir, context: cdkSettings.context });
  const { name, account, region } = deployment;
  const env = account === undefined || region === undefined ? {} : { env: { account, region } };
  const props = { deployment, ...env };
  const id = (area: string): string => `edgewise-${name}-${area}`;
  const storage = new StorageStack(app, id("storage"), props);
  const network = new NetworkStack(app, id("network"), props);
  const { record } = storage;
  const training = new TrainingStack(app, id("training"), { ...props, network, record });
  const pipeline = new PipelineStack(app, id("pipeline"), { ...props, record, training });
  const operations = new OperationsStack(app, id("operations"), { ...props, pipeline });
  Tags.of(app).add("edgewise", name);
  const stacks = { storage, network, training, pipeline, operations };
  acknowledgeFindings(stacks);
  const guardRules = readFileSync(new URL("policy/platform.guard", import.meta.url), "utf8");
  Validations.of(app).addPlugins(
    new AwsSolutionsChecks(app),
    new CloudFormationValidatePlugin({ guardRules: [{ name: "platform.guard", content: guardRules }] }),
  );
  return { app, stacks };
}
