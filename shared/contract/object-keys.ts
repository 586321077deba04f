/** The keys of every object edgewise stores. This file alone builds or takes apart a key. */
export const objectKeys = {
  datasetPrefix: (dataset: string, datasetVersion: string): string =>
    `datasets/${dataset}/${datasetVersion}/`,
  datasetManifest: (dataset: string, datasetVersion: string): string =>
    `datasets/${dataset}/${datasetVersion}/manifest.json`,
  /** Every version of a dataset: `<datasetVersion>/manifest.json`, and the images that versions share. */
  datasets: (dataset: string): string => `datasets/${dataset}/`,
  /** The bytes of an image, by their SHA-256: versions of a dataset share them. */
  datasetImage: (dataset: string, sha256: string): string => `datasets/${dataset}/images/${sha256}`,
  /** The file of a net trained elsewhere, for training where nothing but the store is reached. */
  backbone: (file: string): string => `backbones/${file}`,
  runs: (): string => "runs/",
  runFile: (runId: string, file: string): string => `runs/${runId}/${file}`,
  /** Below this a run keeps the version that it would publish, under the keys that it will have. */
  candidate: (runId: string): string => `runs/${runId}/candidate/`,
  /** Who retrains a model at the moment. */
  pipelineLock: (model: string): string => `locks/${model}.json`,
  models: (): string => "models/",
  versions: (model: string): string => `models/${model}/versions/`,
  versionFile: (model: string, version: string, file: string): string =>
    `models/${model}/versions/${version}/${file}`,
  versionManifest: (model: string, version: string): string =>
    `models/${model}/versions/${version}/manifest.json`,
  aliases: (model: string): string => `models/${model}/aliases/`,
  alias: (model: string, alias: string): string => `models/${model}/aliases/${alias}.json`,
  cameraSnapshots: (camera: string): string => `cameras/${camera}/snapshots/`,
  cameraSnapshot: (camera: string, event: string): string => `cameras/${camera}/snapshots/${event}`,
  idempotency: (digest: string): string => `idempotency/${digest}.json`,
  allFeedback: (): string => "feedback/",
  feedback: (model: string): string => `feedback/${model}/`,
  /** @param day `yyyy-mm-dd` */
  feedbackRecord: (model: string, day: string, id: string): string => `feedback/${model}/${day}/${id}.json`,
  /** @param ending of the image's format, e.g. `jpg` */
  feedbackImage: (model: string, day: string, id: string, ending: string): string =>
    `feedback/${model}/${day}/${id}.${ending}`,
  /** When which feedback is to be looked at next; where it is missing all of it is. */
  feedbackExpiry: (): string => "expiry/feedback.json",
  apiKeys: (): string => "auth/keys.json",
} as const;

/** Takes apart the key of a feedback record, `null` for any other key. */
export function parseFeedbackKey(
  key: string,
): { readonly model: string; readonly day: string; readonly id: string } | null {
  const [, model, day, id] = /^feedback\/([^/]+)\/(\d{4}-\d\d-\d\d)\/([^/]+)\.json$/.exec(key) ?? [];
  return model === undefined || day === undefined || id === undefined ? null : { model, day, id };
}

/** What a key under `models/` names. */
export type ModelKey =
  | { readonly kind: "version-file"; readonly model: string; readonly version: string; readonly file: string }
  | { readonly kind: "alias"; readonly model: string; readonly alias: string }
  | { readonly kind: "other" };

/** Takes apart a key that `objectKeys` built. */
export function parseModelKey(key: string): ModelKey {
  const parts = key.split("/");
  const [root, model, folder, name, file] = parts;
  if (root !== "models" || model === undefined || name === undefined) return { kind: "other" };
  if (folder === "versions" && parts.length === 5 && file !== undefined && file !== "") {
    return { kind: "version-file", model, version: name, file };
  }
  if (folder === "aliases" && parts.length === 4 && name.endsWith(".json")) {
    return { kind: "alias", model, alias: name.slice(0, -".json".length) };
  }
  return { kind: "other" };
}
