import type { NetworkStack } from "./network-stack.ts";
import type { OperationsStack } from "./operations-stack.ts";
import type { PipelineStack } from "./pipeline-stack.ts";
import type { StorageStack } from "./storage-stack.ts";
import type { TrainingStack } from "./training-stack.ts";

/** The stacks of one deployment. */
export interface DeployedStacks {
  readonly storage: StorageStack;
  readonly network: NetworkStack;
  readonly training: TrainingStack;
  readonly pipeline: PipelineStack;
  readonly operations: OperationsStack;
}
