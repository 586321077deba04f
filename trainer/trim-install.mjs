// Runs after npm install: drops the C headers that the package `node` carries (68 MB that nothing here compiles against).
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const platformPackages = join(root, "node_modules", "node", "node_modules");

try {
  for (const name of readdirSync(platformPackages)) {
    rmSync(join(platformPackages, name, "include"), { recursive: true, force: true });
  }
} catch (error) {
  // Another layout of the package is no fault: it only stays larger.
  if (error.code !== "ENOENT") throw error;
}
