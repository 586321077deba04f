import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";

/** Version of an installed package, the peers' or the project's. */
export function packageVersion(name: string): string {
  // An installed package.json has a version, or npm would not have installed it.
  return (JSON.parse(readFileSync(findPackage(name), "utf8")) as { version: string }).version;
}

/** Absolute path of a file in an installed package, whether the package exports it or not. */
export function packageFile(name: string, path: string): string {
  return join(dirname(findPackage(name)), path);
}

function findPackage(name: string): string {
  const found = findPackageJSON(name, import.meta.url);
  if (found === undefined) throw new Error(`${name} is not installed; run npm run bench, which installs it`);
  return found;
}
