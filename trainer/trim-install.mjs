// Runs after npm install: drops what nothing here reads. The C headers that the package `node` carries (68 MB) and the
// source maps of the TensorFlow.js packages (196 MB).
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packages = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules");
const platformPackages = join(packages, "node", "node_modules");
const tensorflow = join(packages, "@tensorflow");

if (existsSync(platformPackages)) {
  for (const entry of readdirSync(platformPackages, { withFileTypes: true })) {
    if (entry.isDirectory())
      rmSync(join(platformPackages, entry.name, "include"), { recursive: true, force: true });
  }
}
if (existsSync(tensorflow)) {
  for (const entry of readdirSync(tensorflow, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(".map")) rmSync(join(entry.parentPath, entry.name));
  }
}
