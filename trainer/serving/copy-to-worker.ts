import { isAppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { carryBackRollbacks } from "../../shared/store/carry-back.ts";
import { copyKeys } from "../../shared/store/copy-keys.ts";
import { copyModels } from "../../shared/store/copy-models.ts";
import { createFeedbackMirror } from "../../shared/store/feedback-mirror.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/**
 * What keeps a local Worker's bucket and the record alike: keys, versions and aliases go to the bucket, the rollbacks
 * that the Worker decided and the feedback it took come back. Each fault is told once.
 * @param say receives a line about each thing worth knowing
 * @returns copies what is new at each call
 */
export function createWorkerCopy(
  record: ObjectStore,
  bucket: ObjectStore,
  say: (line: string) => void,
): () => Promise<void> {
  const told = new Set<string>();
  const sayFault = (key: string, { message }: Error): void => {
    const line = `${key} stays behind: ${message}`;
    if (!told.has(line)) say(line);
    told.add(line);
  };
  const mirrorFeedback = createFeedbackMirror(bucket, record);
  return async () => {
    await mirrorFeedback();
    try {
      if (await copyKeys(record, bucket)) say("the API keys changed");
    } catch (error) {
      if (!isAppError(error)) throw error;
      sayFault(objectKeys.apiKeys(), error);
    }
    for (const { model, alias, lastRollback } of await carryBackRollbacks(bucket, record)) {
      say(`${model}/${alias} gave up ${lastRollback?.version ?? ""}: ${lastRollback?.reason ?? ""}`);
    }
    const { copied, faults } = await copyModels(record, bucket);
    for (const { key, error } of faults) sayFault(key, error);
    for (const item of copied) {
      if (item.kind === "alias") say(`${item.model}/${item.alias} -> ${item.version}`);
    }
  };
}
