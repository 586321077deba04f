import { spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";
import { AppError } from "../../shared/contract/errors.ts";

/** Unpacks libtensorflow's archive, which has `lib/` and `include/`, to where the addon is built against it. */
export async function placeArchive(file: string, deps: string): Promise<void> {
  await rm(deps, { recursive: true, force: true });
  await mkdir(deps, { recursive: true });
  const { status, stderr } = spawnSync("tar", ["-xzf", file, "-C", deps], { encoding: "utf8" });
  if (status !== 0) throw new AppError("invalid_archive", `tar cannot unpack ${file}: ${stderr.trim()}`);
}

const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const;
const wanted =
  /^tensorflow\/(?:(libtensorflow(?:_cc|_framework)\.so\.2)|(include\/(?:tensorflow\/c|tensorflow\/core\/platform|tsl|xla\/tsl\/c)\/.*\.h))$/;

/**
 * Takes the library and its headers from a wheel of Python's package tensorflow-cpu, which package indexes serve where
 * the archive cannot be reached.
 * @throws {AppError} invalid_archive when it is no such wheel
 */
export async function placeWheel(file: string, deps: string): Promise<void> {
  await rm(deps, { recursive: true, force: true });
  const found = new Set<string>();
  const zip = await openPromise(file, { autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      const [, library, header] = wanted.exec(entry.fileName) ?? [];
      if (library === undefined && header === undefined) continue;
      const path = join(deps, library === undefined ? (header ?? "") : join("lib", library));
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path));
      if (library !== undefined) found.add(library);
    }
  } finally {
    zip.close();
  }
  const missing = libraries.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new AppError(
      "invalid_archive",
      `${file} has no ${missing.join(", ")}; take a wheel of tensorflow-cpu for Linux on x86-64`,
    );
  }
  // The linker looks for these names, and records those of the files they lead to.
  await symlink("libtensorflow_cc.so.2", join(deps, "lib", "libtensorflow.so"));
  await symlink("libtensorflow_framework.so.2", join(deps, "lib", "libtensorflow_framework.so"));
}
