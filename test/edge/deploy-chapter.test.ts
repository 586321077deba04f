import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../trainer/project-root.ts";

async function read(file: string): Promise<string> {
  return readFile(join(projectRoot, "edge", file), "utf8");
}

describe("the deploy chapter", () => {
  it("explains every var of wrangler.jsonc", async () => {
    const [chapter, config] = await Promise.all(["DEPLOY.md", "wrangler.jsonc"].map(read));
    const vars = [...(config?.matchAll(/^\s+"([A-Z][A-Z_]+)": "/gm) ?? [])].map(([, name]) => name ?? "");

    expect(vars.length).toBeGreaterThan(6);
    for (const name of vars) expect(chapter).toContain(`\`${name}\``);
  });

  it("names the bucket that is bound", async () => {
    const [chapter, config] = await Promise.all(["DEPLOY.md", "wrangler.jsonc"].map(read));
    const bucket = /"bucket_name": "([^"]+)"/.exec(config ?? "")?.[1] ?? "none";

    expect(chapter).toContain(`wrangler r2 bucket create ${bucket}\n`);
  });
});
