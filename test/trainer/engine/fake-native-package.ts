import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The package that the fake stands in for. */
export const fakeName = "@tensorflow/tfjs-node";

const require = createRequire(import.meta.url);

/**
 * Installs a package into a temporary folder.
 * @param source of its main file
 * @returns the folder, for whoever resolves the package from there
 */
export async function installFake(folder: string, source: string): Promise<URL> {
  const root = join(folder, "node_modules", fakeName);
  await mkdir(root, { recursive: true });
  await writeFile(
    join(root, "package.json"),
    JSON.stringify({ name: fakeName, version: "4.22.0", main: "index.js" }),
  );
  await writeFile(join(root, "index.js"), source);
  return pathToFileURL(`${folder}/`);
}

/** A stand-in that computes with plain tfjs and calls itself native. */
export function workingPackage(backend: string, gpu: boolean): string {
  const core = JSON.stringify(require.resolve("@tensorflow/tfjs-core"));
  const layers = JSON.stringify(require.resolve("@tensorflow/tfjs-layers"));
  const cpu = JSON.stringify(require.resolve("@tensorflow/tfjs-backend-cpu"));
  return `
    const tf = require(${core}); require(${layers}); const { MathBackendCPU } = require(${cpu});
    tf.registerBackend("tensorflow", () => Object.assign(new MathBackendCPU(), { isUsingGpuDevice: ${gpu} }), 3);
    tf.copyRegisteredKernels("cpu", "tensorflow");
    tf.setBackend(${JSON.stringify(backend)});
    module.exports = { ...tf, version: { tfjs: "4.22.0" } };
  `;
}
