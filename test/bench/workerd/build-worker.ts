import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { projectRoot } from "../../../trainer/project-root.ts";

/** One module of a Worker, in Miniflare's words. */
export interface BuiltModule {
  readonly type: "ESModule" | "CompiledWasm";
  readonly path: string;
  readonly contents: Uint8Array<ArrayBuffer>;
}

/** Bundles a Worker of this folder as wrangler bundles the one that serves, its WASM modules beside it. */
export async function buildBenchWorker(file: string): Promise<readonly BuiltModule[]> {
  const wasm = new Map<string, string>();
  const core = join(projectRoot, "node_modules/@tensorflow/tfjs-core");
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
    logLevel: "error",
    conditions: ["workerd", "worker", "browser"],
    alias: {
      "@tensorflow/tfjs-core/dist": join(core, "dist"),
      "@tensorflow/tfjs-core": join(projectRoot, "edge/model/tfjs-core.ts"),
    },
    plugins: [
      {
        name: "wasm beside",
        setup: (building) => {
          building.onResolve(
            { filter: /\.wasm$/ },
            async ({ path, importer, kind, resolveDir, pluginData }) => {
              if (pluginData === "looked up") return undefined;
              const found = await building.resolve(path, {
                importer,
                kind,
                resolveDir,
                pluginData: "looked up",
              });
              wasm.set(basename(found.path), found.path);
              return { path: `./${basename(found.path)}`, external: true };
            },
          );
        },
      },
    ],
  });
  const script = outputFiles[0]?.contents ?? new Uint8Array();
  return [
    { type: "ESModule", path: "/bench/worker.js", contents: new Uint8Array(script) },
    ...[...wasm].map(([name, path]): BuiltModule => ({
      type: "CompiledWasm",
      path: `/bench/${name}`,
      contents: new Uint8Array(readFileSync(path)),
    })),
  ];
}
