import { existsSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../shared/contract/errors.ts";
import { type Buildah, run } from "./buildah.ts";

/** Folder of the project. */
export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

const authority = "/host-authority.crt";

/**
 * Makes the two images that the Dockerfile starts from: `localhost/edgewise-base`, a Debian without anything, and
 * `localhost/edgewise-node`, with this machine's Node, npm and headers where the official image has them.
 * @param rootfs tar of the Debian, made when it is not there
 */
export function buildBases(
  buildah: Buildah,
  { work, rootfs }: { readonly work: string; readonly rootfs: string },
): void {
  if (!existsSync(rootfs)) run(["mmdebstrap", "--variant=minbase", "bookworm", rootfs]);
  commit(buildah, "localhost/edgewise-base", [
    "FROM scratch",
    `ADD ${rootfs} /`,
    // Where this machine reaches package registries through an authority of its own, the build must know it too.
    ...(process.env["NODE_EXTRA_CA_CERTS"] === undefined
      ? []
      : [`ADD ${process.env["NODE_EXTRA_CA_CERTS"]} ${authority}`, `ENV NODE_EXTRA_CA_CERTS=${authority}`]),
  ]);
  const headers = process.env["npm_config_nodedir"] ?? "/usr";
  const npm = dirname(dirname(npmCli()));
  for (const path of [join(headers, "include", "node", "node_api.h"), join(npm, "bin", "npm-cli.js")]) {
    if (!existsSync(path))
      throw new AppError("not_found", `there is no ${path}; install Node with npm and headers`);
  }
  commit(buildah, "localhost/edgewise-node", [
    "FROM localhost/edgewise-base",
    `ADD ${realpathSync(process.execPath)} /usr/local/bin/node`,
    `ADD ${join(headers, "include", "node")} /usr/local/include/node`,
    `ADD ${npm} /usr/local/lib/node_modules/npm`,
  ]);

  /** A Dockerfile whose context is the whole disk, as its parts lie all over it. */
  function commit(builder: Buildah, tag: string, lines: readonly string[]): void {
    const file = join(work, "Dockerfile");
    writeFileSync(file, `${lines.join("\n")}\n`);
    builder(["bud", "--isolation=chroot", "--pull-never", `--file=${file}`, `--tag=${tag}`, "/"]);
  }
}

function npmCli(): string {
  const own = process.env["npm_execpath"];
  if (own !== undefined) return realpathSync(own);
  throw new AppError("invalid_argument", "run this by npm run image:check");
}
