import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditSchema } from "../../../trainer/audit/finding.ts";
import { runCli } from "../../e2e/run-cli.ts";
import { sceneJpeg, writeFiles } from "../data/small-dataset.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewise-audit-command-"));
  const same = sceneJpeg("person", 1);
  await writeFiles(join(root, "photos"), {
    "person/1.jpg": same,
    "person/2.jpg": sceneJpeg("person", 2),
    "vehicle/1.jpg": sceneJpeg("vehicle", 1),
    "vehicle/<i>copy<b>.jpg": same,
    "vehicle/broken.jpg": "no image",
  });
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("edgewise dataset audit", () => {
  it("writes findings and a page of itself, and fails on errors when told to", async () => {
    const out = join(root, "audit");
    const words = [
      "dataset",
      "audit",
      join(root, "photos"),
      "--store",
      join(root, "store"),
      "--out",
      out,
      "--json",
    ];
    const { exitCode, stderr, json } = await runCli(...words, "--fail-on", "error");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the audit has 1 errors");
    const findings = auditSchema.parse(
      JSON.parse(await readFile(join(out, "findings.json"), "utf8")),
    ).findings;
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(["exact-duplicate", "unreadable", "class-balance"]),
    );
    expect(json).toMatchObject({ images: 4, counts: { error: 1 } });
    const page = await readFile(join(out, "audit.html"), "utf8");
    expect(page).toContain("data:image/jpeg;base64,");
    expect(page).not.toMatch(/<i>copy|src="http|href="http/);
  });

  it("passes without a gate", async () => {
    const { exitCode } = await runCli(
      "dataset",
      "audit",
      join(root, "photos"),
      "--store",
      join(root, "store"),
    );
    expect(exitCode).toBe(0);
  });
});
