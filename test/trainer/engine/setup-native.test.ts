import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../../trainer/project-root.ts";

function setupNative(...options: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(projectRoot, "trainer/setup-native.mjs"), ...options], {
    encoding: "utf8",
    // nothing listens on port 1, so that nothing is downloaded or installed
    env: { ...process.env, TFJS_NODE_CDN_STORAGE: "http://127.0.0.1:1/" },
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
        `edgewise: ${name} downloads libtensorflow from http://127.0.0.1:1/tensorflow/libtensorflow/libtensorflow-` +
          `${kind}-linux-x86_64-2.9.1.tar.gz, which is not reachable (ECONNREFUSED); set TFJS_NODE_CDN_STORAGE to a ` +
          "mirror, or train with the engine wasm, which needs nothing\n",
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
