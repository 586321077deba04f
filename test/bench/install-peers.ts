import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/**
 * Installs the peers that package-lock.json names, unless they are there.
 * No package's script runs: onnxruntime-node's would download CUDA, and none of the others needs one.
 * @throws Error when npm fails; its words are on stderr
 */
export function installPeers(): void {
  if (isInstalled()) return;
  process.stderr.write("bench: installing the peers (once, about 460 MB) ...\n");
  const { status } = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: folder,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
    },
  );
  if (status !== 0) throw new Error(`npm ci in ${folder} ended with ${String(status)}; see its output above`);
}

/** Whether npm has installed what the lock names now; it keeps a copy of the lock beside the packages. */
function isInstalled(): boolean {
  const installed = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const wanted = versionsOf(join(folder, "package-lock.json"));
  const present = versionsOf(installed);
  return [...wanted].every(
    ([path, entry]) => path === "" || entry.optional || present.get(path)?.version === entry.version,
  );
}

interface LockEntry {
  readonly version?: string;
  readonly optional?: boolean;
}

function versionsOf(lock: string): Map<string, LockEntry> {
  // npm wrote this file.
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as { packages: Record<string, LockEntry> };
  return new Map(Object.entries(packages));
}
