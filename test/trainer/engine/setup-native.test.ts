import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../../trainer/project-root.ts";

/** Where nothing listens, so that nothing is downloaded or installed. */
let mirror: string;

beforeAll(async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  mirror = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
  server.close();
  await once(server, "close");
});

function setupNative(...options: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(projectRoot, "trainer/setup-native.mjs"), ...options], {
    encoding: "utf8",
    env: { ...process.env, TFJS_NODE_CDN_STORAGE: mirror },
  });
}

describe("setup:native", () => {
  it.each([
    [[], "@tensorflow/tfjs-node", "cpu"],
    [["--gpu"], "@tensorflow/tfjs-node-gpu", "gpu"],
  ])(
    "with %j says in one line what it cannot download, before it changes anything",
    (options, name, kind) => {
      const { status, stderr } = setupNative(...options);
      expect(status).toBe(1);
      expect(stderr).toBe(
        `edgewise: ${name} needs libtensorflow from ${mirror}tensorflow/libtensorflow/libtensorflow-` +
          `${kind}-linux-x86_64-2.9.1.tar.gz, which is not reachable (ECONNREFUSED); set TFJS_NODE_CDN_STORAGE to a ` +
          "mirror, give a --wheel, or train with the engine wasm, which needs nothing\n",
      );
    },
  );

  it("rejects an option it does not know as a usage error", () => {
    expect(setupNative("--cuda")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no option --cuda/),
    });
  });

  it("explains itself", () => {
    expect(setupNative("--help")).toMatchObject({ status: 0, stdout: expect.stringMatching(/--gpu/) });
  });
});
