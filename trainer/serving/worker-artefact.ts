import { execFile } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import { projectRoot } from "../project-root.ts";

const configPath = join(projectRoot, "edge", "wrangler.jsonc");
const entryModule = "worker.js";
const varsSchema = z.record(z.string(), z.string());

/** Settings of the Worker as `edge/wrangler.jsonc` gives them, in Miniflare's words. */
export type WorkerOptions = ReturnType<typeof unstable_getMiniflareWorkerOptions>["workerOptions"];

/** One module of the built Worker. */
export interface WorkerModule {
  readonly type: "ESModule" | "CompiledWasm" | "Text" | "Data";
  readonly path: string;
  readonly contents: Uint8Array<ArrayBuffer>;
}

/** The Worker as it would be deployed. */
export interface WorkerArtefact {
  readonly folder: string;
  readonly modules: readonly WorkerModule[];
  readonly options: WorkerOptions;
  /** Variables as `edge/wrangler.jsonc` sets them. */
  readonly vars: Readonly<Record<string, string>>;
}

/**
 * Builds the edge Worker exactly as a deployment would, without deploying it.
 * @param folder where the built modules go; emptied first
 * @throws internal when the build fails, with wrangler's own words
 */
export async function buildWorkerArtefact(folder: string): Promise<WorkerArtefact> {
  await rm(folder, { recursive: true, force: true });
  const wrangler = join(projectRoot, "node_modules", "wrangler", "bin", "wrangler.js");
  try {
    await promisify(execFile)(
      process.execPath,
      [wrangler, "deploy", "--dry-run", "--outdir", folder, "--config", configPath],
      {
        cwd: projectRoot,
        env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" },
      },
    );
  } catch (cause) {
    const output = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : String(cause);
    throw new AppError("internal", `the Worker does not build: ${output.trim()}`, { cause });
  }
  const options = unstable_getMiniflareWorkerOptions(configPath).workerOptions;
  return {
    folder,
    modules: await readModules(folder),
    options,
    vars: parseWith(varsSchema, options["bindings"] ?? {}, "vars of edge/wrangler.jsonc", "internal"),
  };
}

async function readModules(folder: string): Promise<readonly WorkerModule[]> {
  const names = (await readdir(folder)).toSorted();
  // The entry must come first: workerd runs the first module.
  const ordered = [entryModule, ...names.filter((name) => name !== entryModule)];
  const modules: WorkerModule[] = [];
  for (const name of ordered) {
    const type = moduleType(name);
    if (type === null) continue;
    const path = join(folder, name);
    modules.push({ type, path, contents: new Uint8Array(await readFile(path)) });
  }
  return modules;
}

/** How a built file is loaded, `null` for files beside the modules (source maps, notes). */
function moduleType(name: string): WorkerModule["type"] | null {
  if (name === entryModule) return "ESModule";
  if (name.endsWith(".wasm")) return "CompiledWasm";
  // A script beside the entry is one of the console, which the Worker serves as text.
  if (/\.(html|css|js|txt)$/.test(name)) return "Text";
  if (name.endsWith(".bin")) return "Data";
  return null;
}
