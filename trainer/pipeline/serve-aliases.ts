import { copyModels } from "../../shared/store/copy-models.ts";
import type { ReleaseContext } from "./context.ts";

/**
 * Brings a model's versions and then its aliases from the record to what Workers read.
 * @throws the first fault, when something stayed behind
 */
export async function serveAliases(context: ReleaseContext, model: string): Promise<void> {
  const { faults } = await copyModels(context.record, context.serving, { model });
  if (faults[0] !== undefined) throw faults[0].error;
}
