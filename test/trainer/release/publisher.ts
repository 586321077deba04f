import type { AliasRecord } from "../../../shared/contract/alias.ts";
import { defaultAlias } from "../../../shared/contract/names.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { promote } from "../../../trainer/release/promote.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { fixtureModel, fixtureVersion } from "./fixture-version.ts";

/** Which alias the tests move. */
export const move = {
  model: fixtureModel,
  alias: defaultAlias,
  by: "test",
  now: () => new Date("2026-02-01T00:00:00.000Z"),
};

/** What `train` does in the end: publishes a version and promotes it. */
export async function publishAndPromote(store: ObjectStore, number: number): Promise<AliasRecord> {
  const version = fixtureVersion(number);
  await publishVersion(store, version);
  return promote(store, { ...move, version: version.manifest.version });
}
