import { type AliasRecord, parseAliasRecord } from "../../shared/contract/alias.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import { objectKeys, parseModelKey } from "../../shared/contract/object-keys.ts";
import type { ListedModel } from "../../shared/contract/service.ts";
import { listAll } from "../../shared/store/list-all.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

const manifestFile = "manifest.json";

/**
 * The models of a store. A version counts as complete when its manifest is there, since that is written last;
 * an alias of any other version is left out. Whether the bytes are right is found out when a version is loaded.
 */
export async function listModels(store: ObjectStore): Promise<ListedModel[]> {
  const found = new Map<string, { versions: string[]; aliases: string[] }>();
  for await (const { key } of listAll(store, objectKeys.models())) {
    const parsed = parseModelKey(key);
    if (parsed.kind === "other") continue;
    const entry = found.get(parsed.model) ?? { versions: [], aliases: [] };
    found.set(parsed.model, entry);
    if (parsed.kind === "alias") entry.aliases.push(parsed.alias);
    else if (parsed.file === manifestFile) entry.versions.push(parsed.version);
  }
  return Promise.all(
    [...found].map(async ([model, { versions, aliases }]) => {
      const records = await Promise.all(aliases.map((alias) => recordOf(store, model, alias)));
      return {
        model,
        versions: versions.toReversed(),
        aliases: records.flatMap((record) =>
          record !== undefined && versions.includes(record.version) ? [describeAlias(record)] : [],
        ),
      };
    }),
  );
}

function describeAlias({
  alias,
  version,
  rollout,
  lastRollback,
}: AliasRecord): ListedModel["aliases"][number] {
  return {
    alias,
    version,
    ...(rollout === undefined
      ? {}
      : {
          rollout: {
            version: rollout.version,
            canaryFraction: rollout.canaryFraction,
            shadow: rollout.shadow,
          },
        }),
    ...(lastRollback === undefined ? {} : { lastRollback }),
  };
}

/** The record of an alias, `undefined` when it went away or is not valid. */
async function recordOf(store: ObjectStore, model: string, alias: string): Promise<AliasRecord | undefined> {
  const object = await store.get(objectKeys.alias(model, alias));
  if (object.kind !== "found") return undefined;
  try {
    const record = parseAliasRecord(object.bytes, `alias ${alias}`);
    return record.alias === alias ? record : undefined;
  } catch (error) {
    if (isAppError(error, "invalid_manifest")) return undefined;
    throw error;
  }
}
