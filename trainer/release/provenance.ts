import { execFile } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod/mini";
import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";

/** Where a model's numbers come from. */
export type Provenance = ModelManifest["provenance"];

/** What a run knows of itself. */
export interface RunFacts {
  readonly runId: string;
  readonly startedAt: Date;
  /** `null` for a model that was trained elsewhere. */
  readonly dataset: Pick<DatasetManifest, "dataset" | "datasetVersion" | "digest"> | null;
  /** The file of such a model. */
  readonly importedFrom?: Provenance["importedFrom"];
  /** The net that the model has its features of. */
  readonly backbone?: NonNullable<Provenance["backbone"]>;
  /** Everything that was configured, resolved; JSON values only. */
  readonly config: unknown;
  readonly seed: number;
  /** Name of the engine that trained. */
  readonly engine: string;
}

/** Packages whose code takes part in the numbers; those that are not installed are left out. */
const packageNames = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-layers",
  "@tensorflow/tfjs-converter",
  "@tensorflow/tfjs-backend-cpu",
  "@tensorflow/tfjs-backend-wasm",
  "@tensorflow/tfjs-node",
  "@tensorflow/tfjs-node-gpu",
];

const packageSchema = z.object({ version: z.string() });

/**
 * Collects versions, commit and digests for the manifest.
 * @param root folder of the project, which holds node_modules
 */
export async function collectProvenance(root: string, facts: RunFacts): Promise<Provenance> {
  return {
    runId: facts.runId,
    startedAt: facts.startedAt.toISOString(),
    dataset: facts.dataset?.dataset ?? null,
    datasetVersion: facts.dataset?.datasetVersion ?? null,
    datasetDigest: facts.dataset?.digest ?? null,
    ...(facts.importedFrom === undefined ? {} : { importedFrom: facts.importedFrom }),
    ...(facts.backbone === undefined ? {} : { backbone: originOf(facts.backbone) }),
    configDigest: await configDigest(facts.config),
    seed: facts.seed,
    engine: facts.engine,
    packages: await packageVersions(root),
    gitCommit: await gitCommit(root),
  };
}

function originOf({ name, sha256, licence }: NonNullable<Provenance["backbone"]>): Provenance["backbone"] {
  return { name, sha256, licence };
}

/** SHA-256 over a configuration's JSON with sorted keys: the same settings, the same digest. */
export async function configDigest(config: unknown): Promise<string> {
  return sha256Hex(new TextEncoder().encode(canonicalJson(config)));
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}

/** Versions as installed, and that of Node. */
async function packageVersions(root: string): Promise<Record<string, string>> {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const name of packageNames) {
    const text = await readFile(join(root, "node_modules", name, "package.json"), "utf8").catch(() => null);
    if (text !== null) versions[name] = parseJsonWith(packageSchema, text, `package ${name}`).version;
  }
  return versions;
}

/** The commit checked out at `root`, `-dirty` behind it when files differ; `null` outside a git checkout. */
async function gitCommit(root: string): Promise<string | null> {
  try {
    const top = await git(root, ["rev-parse", "--show-toplevel"]);
    if ((await realpath(top)) !== (await realpath(root))) return null;
    return await git(root, ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]);
  } catch {
    // No git, no checkout or no commit yet: all the same to the manifest.
    return null;
  }
}

async function git(root: string, args: readonly string[]): Promise<string> {
  // A git hook sets GIT_DIR and others, which would answer for the hook's repository instead of the one at `root`.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const { stdout } = await promisify(execFile)("git", ["-C", root, ...args], {
    env: Object.fromEntries(kept),
  });
  return stdout.trim();
}
