import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";

/** A source file with the module specifiers it imports. */
export interface SourceFile {
  /** Relative to the project, `/`-separated. */
  readonly path: string;
  readonly imports: readonly string[];
}

/** Which top folders each top folder may import from; no others. */
const allowedArrows: Readonly<Record<string, readonly string[]>> = {
  shared: ["shared"],
  edge: ["edge", "shared"],
  trainer: ["trainer", "shared"],
  infra: ["infra", "shared"],
};

/** Functions deployed by infra run the trainer's tasks, nothing of it that computes with tensors. */
const lambdaMayImport = /^(infra|shared|trainer\/(data|evaluation|pipeline|release|storage))\//;

/** What each folder must never import, by specifier. */
const forbiddenPackages: Readonly<Record<string, RegExp>> = {
  shared:
    /^node:|^(hono|wrangler|miniflare|commander|zod)$|^@tensorflow\/tfjs(-layers|-node|-node-gpu|-backend-cpu)?$/,
  "shared/contract": /^node:|^@tensorflow\/|^\.\.\/(image|inference|store)\//,
  infra: /^@tensorflow\/|^zod$|^\.\.\/\.\.\/shared\/(?!contract\/)/,
  edge: /^node:|^zod$|^@tensorflow\/tfjs(-layers|-node|-node-gpu)?$/,
  // a program of Node, beside the Worker: nothing of either is the other's
  "edge/bridge": /^(hono|zod|wrangler|miniflare|commander)$|^@tensorflow\/|^\.\.\/(?!\.\.\/shared\/)/,
};

/** Reads the TypeScript files (AssemblyScript has import rules of its own) under `folders` of the project at `root`. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /(?<!\.d|\.as)\.ts$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/[\\/](node_modules|cdk\.out)[\\/]/.test(path))
      .map((path) => ({
        path: relative(root, path).split(sep).join("/"),
        imports: importsOf(readFileSync(path, "utf8")),
      })),
  );
}

/** The module specifiers of static, side-effect and dynamic imports and re-exports in TypeScript text. */
export function importsOf(text: string): string[] {
  const pattern =
    /(?:^|[\s;}])(?:import|export)\s*(?:[^"'();]*?\sfrom\s*)?["']([^"']+)["']|import\(\s*["']([^"']+)["']/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? "");
}

/** One line for each import that breaks a rule. */
export function importFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) => imports.flatMap((specifier) => faultsOf(path, specifier)));
}

/** The bridge has rules of its own, not those of the Worker beside it. */
function isWithin(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`) && !(folder === "edge" && path.startsWith("edge/bridge/"));
}

function faultsOf(path: string, specifier: string): string[] {
  const isLambda = path.startsWith("infra/") && path.endsWith(".lambda.ts");
  const faults = Object.entries(forbiddenPackages)
    .filter(([folder, pattern]) => isWithin(path, folder) && pattern.test(specifier))
    .filter(() => !(isLambda && specifier.startsWith(".")))
    .map(() => `${path} imports ${specifier}`);
  if (!specifier.startsWith(".")) return faults;
  if (!/\.(ts|mjs|wasm|html|css|js|txt|json)$/.test(specifier))
    faults.push(`${path} imports ${specifier} without .ts`);
  const from = path.split("/")[0] ?? "";
  const targetPath = normalize(join(dirname(path), specifier))
    .split(sep)
    .join("/");
  if (isLambda && lambdaMayImport.test(targetPath)) return faults;
  const target = targetPath.split("/")[0] ?? "";
  const allowed = allowedArrows[from];
  // Built artefacts and packages are data, reached by path.
  if (allowed !== undefined && !allowed.includes(target) && target !== "node_modules") {
    faults.push(`${path} imports ${specifier}: ${from} may import ${allowed.join(", ")} only`);
  }
  return faults;
}

/** The import cycles among `files`, each as the path that closes it. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files.map(({ path, imports }) => [
      path,
      imports
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) =>
          normalize(join(dirname(path), specifier))
            .split(sep)
            .join("/"),
        ),
    ]),
  );
  const cycles: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    if (finished.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}
