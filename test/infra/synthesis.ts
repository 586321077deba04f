import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod/mini";
import { projectRoot } from "../../trainer/project-root.ts";

const resourceSchema = z.looseObject({
  Type: z.string(),
  Properties: z.optional(z.record(z.string(), z.unknown())),
  DeletionPolicy: z.optional(z.string()),
  UpdateReplacePolicy: z.optional(z.string()),
});
const templateSchema = z.object({ Resources: z.record(z.string(), resourceSchema) });
const findingsSchema = z.object({
  pluginReports: z.array(
    z.object({
      pluginName: z.string(),
      violations: z.array(z.unknown()),
      suppressedViolations: z.optional(z.array(z.unknown())),
    }),
  ),
});

/** A resource of a template. */
export type Resource = z.infer<typeof resourceSchema>;

/** The templates of one deployment. */
export interface Synthesis {
  /** Every resource of every stack, by `stack/logicalId`. */
  readonly resources: ReadonlyMap<string, Resource>;
  readonly report: z.infer<typeof findingsSchema>;
  /** Folder with templates and assets. */
  readonly folder: string;
  /** Removes the folder. */
  readonly remove: () => Promise<void>;
}

/** Synthesises a deployment in a process of its own, as the command line does, but without credentials or a home. */
export async function synthesise(deployment: string): Promise<Synthesis> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-synth-"));
  await promisify(execFile)(process.execPath, ["app.ts", deployment, folder], {
    cwd: join(projectRoot, "infra"),
    env: { PATH: process.env["PATH"], HOME: folder },
  });
  const resources = new Map<string, Resource>();
  for (const file of await readdir(folder)) {
    const [, stack] = /^(.*)\.template\.json$/.exec(file) ?? [];
    if (stack === undefined) continue;
    const template = templateSchema.parse(JSON.parse(await readFile(join(folder, file), "utf8")));
    for (const [id, resource] of Object.entries(template.Resources))
      resources.set(`${stack}/${id}`, resource);
  }
  const report = findingsSchema.parse(
    JSON.parse(await readFile(join(folder, "validation-report.json"), "utf8")),
  );
  return { resources, report, folder, remove: () => rm(folder, { recursive: true }) };
}

/** The resources of a type, by `stack/logicalId`. */
export function ofType({ resources }: Synthesis, type: string): (readonly [string, Resource])[] {
  return [...resources].filter(([, resource]) => resource.Type === type);
}

/** A property by its path, e.g. `ComputeResources.MinvCpus`; `undefined` where there is none. */
export function property(resource: Resource, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), resource.Properties);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
