import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AppError } from "../../shared/contract/errors.ts";

/**
 * Compiles the addon of a native TensorFlow.js package against the library in its `deps/`. What its makers compiled is
 * not used: no digest of it is published, and it fits their library only.
 * @param npmCli path of npm-cli.js, which brings node-gyp
 * @throws {AppError} engine_unavailable when the compiler fails; its words are on stderr
 */
export function buildAddon(packageFolder: string, npmCli: string): void {
  const find = createRequire(join(packageFolder, "package.json"));
  const preGyp = join(dirname(find.resolve("@mapbox/node-pre-gyp/package.json")), "bin", "node-pre-gyp");
  const nodeGyp = join(dirname(npmCli), "..", "node_modules", "node-gyp", "bin", "node-gyp.js");
  if (!existsSync(nodeGyp)) throw new AppError("engine_unavailable", `npm brings no node-gyp at ${nodeGyp}`);
  const { status } = spawnSync(process.execPath, [preGyp, "install", "--build-from-source"], {
    cwd: packageFolder,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, npm_config_node_gyp: nodeGyp },
  });
  if (status === 0) return;
  throw new AppError(
    "engine_unavailable",
    "the addon could not be compiled, see above; it needs g++, make, python3 and Node's headers " +
      "(npm_config_nodedir=/usr names those of the system)",
  );
}
