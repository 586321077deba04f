import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod/mini";

const folder = fileURLToPath(new URL(".", import.meta.url));
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.optional(z.string()), optional: z.optional(z.boolean()) }),
  ),
});

/**
 * Installs the packages that infra/package-lock.json names, unless they are there. No package's script runs.
 * @returns why npm could not, `null` when they are there
 */
export function installInfraPackages(): string | null {
  if (isInstalled()) return null;
  process.stderr.write("edgewise: installing the packages of infra (once, about 260 MB) ...\n");
  // Not `npm ci`: it refuses a lockfile without the binaries of platforms it was not made on.
  const flags = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, signal, error } = spawnSync("npm", flags, {
    cwd: folder,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  return status === 0 ? null : `npm install in infra/ ended with ${status ?? signal ?? error?.message}`;
}

/** Whether npm has installed what the lock names now; it keeps a copy of the lock beside the packages. */
function isInstalled(): boolean {
  const copy = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(copy)) return false;
  const present = packagesOf(copy);
  return Object.entries(packagesOf(join(folder, "package-lock.json"))).every(
    ([path, entry]) => path === "" || entry.optional === true || present[path]?.version === entry.version,
  );
}

function packagesOf(lock: string) {
  return lockSchema.parse(JSON.parse(readFileSync(lock, "utf8"))).packages;
}
