// Runs after npm install: drops the C headers that the package `node` carries (68 MB that nothing here compiles against).
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const platformPackages = join(root, "node_modules", "node", "node_modules");

if (existsSync(platformPackages)) {
  for (const entry of readdirSync(platformPackages, { withFileTypes: true })) {
    if (entry.isDirectory())
      rmSync(join(platformPackages, entry.name, "include"), { recursive: true, force: true });
  }
}
