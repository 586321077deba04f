import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../../trainer/project-root.ts";

const compiler = join(projectRoot, "trainer/kernels/node_modules/assemblyscript");

describe("shared/inference/kernels/kernels.wasm", () => {
  const folder = join(projectRoot, "shared/inference/kernels");

  it("is what its sources compile to", ({ skip }) => {
    if (!existsSync(compiler)) skip("assemblyscript is not installed; run npm ci --prefix trainer/kernels");
    const output = mkdtempSync(join(tmpdir(), "edgewise-inference-kernels-"));
    try {
      execFileSync("sh", [join(folder, "build.sh"), join(output, "kernels.wasm")], { stdio: "pipe" });
      expect(sha256(join(output, "kernels.wasm"))).toBe(sha256(join(folder, "kernels.wasm")));
    } finally {
      rmSync(output, { recursive: true });
    }
  });
});

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
