import { type AliasRecord, parseAliasRecord } from "../../shared/contract/alias.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** What a request may ask a model by: an alias, which moves, or a version, which does not. */
export type ModelReference =
  | { readonly kind: "alias"; readonly model: string; readonly alias: string }
  | { readonly kind: "version"; readonly model: string; readonly version: string };

/** The version that a reference means. */
export interface LocatedVersion {
  readonly model: string;
  readonly version: string;
  /** As the alias has it; `undefined` for a version that was asked for by its name. */
  readonly manifestSha256: string | undefined;
  /** The alias's record and its etag; `undefined` for a version that was asked for by its name. */
  readonly alias: { readonly record: AliasRecord; readonly etag: string } | undefined;
}

/** Finds the version a reference means now. @param known what it meant before @throws not_found, invalid_manifest */
export type Locate = (known: LocatedVersion | null) => Promise<LocatedVersion>;

/** The reference for people, e.g. `champion of scenes`. */
export function describeReference(reference: ModelReference): string {
  const { model } = reference;
  return reference.kind === "alias" ? `${reference.alias} of ${model}` : `${model} ${reference.version}`;
}

/** How a reference is looked up in a store: an alias again and again, by its etag; a version once. */
export function createLocate(store: ObjectStore, reference: ModelReference): Locate {
  if (reference.kind === "version") return (known) => locateVersion(store, reference, known);
  return (known) => locateAlias(store, reference, known);
}

async function locateVersion(
  store: ObjectStore,
  { model, version }: ModelReference & { readonly kind: "version" },
  known: LocatedVersion | null,
): Promise<LocatedVersion> {
  if (known !== null) return known;
  // the manifest is written last, so a version without one is none
  if ((await store.head(objectKeys.versionManifest(model, version))) === null) {
    throw new AppError(
      "not_found",
      `there is no version ${version} of ${model}; GET /models lists what there is`,
    );
  }
  return { model, version, manifestSha256: undefined, alias: undefined };
}

async function locateAlias(
  store: ObjectStore,
  { model, alias }: ModelReference & { readonly kind: "alias" },
  known: LocatedVersion | null,
): Promise<LocatedVersion> {
  const object = await store.get(
    objectKeys.alias(model, alias),
    known?.alias === undefined ? {} : { ifNoneMatch: known.alias.etag },
  );
  if (object.kind === "unchanged" && known !== null) return known;
  if (object.kind !== "found") {
    throw new AppError(
      "not_found",
      `there is no alias ${alias} of ${model}; GET /models lists what there is, train and promote make one`,
    );
  }
  const record = parseAliasRecord(object.bytes, `alias ${alias} of ${model}`);
  const { version, manifestSha256 } = record;
  return { model, version, manifestSha256, alias: { record, etag: object.info.etag } };
}
