import { readdirSync } from "node:fs";
import { describe, it } from "vitest";
import { projectRoot } from "../../trainer/project-root.ts";
import { importCycles, importFaults, importsOf, readSources } from "./import-rules.ts";

const sources = readSources(projectRoot, ["shared", "edge", "trainer", "infra"]);

describe("the project's structure", () => {
  it("has only the arrows edge -> shared <- trainer, and infra -> the contract", ({ expect }) => {
    expect(sources.length).toBeGreaterThan(20);
    expect(importFaults(sources)).toEqual([]);
  });

  it("has no import cycle", ({ expect }) => {
    expect(importCycles(sources)).toEqual([]);
  });

  it("has no other top-level entry than the agreed ones", ({ expect }) => {
    const agreed = [
      "README.md",
      "edge",
      "package-lock.json",
      "package.json",
      "shared",
      "test",
      "trainer",
      "tsconfig.json",
    ];
    const optional = ["LICENSE", "infra", "node_modules", "vitest.config.ts"];
    const entries = readdirSync(projectRoot).filter(
      (name) => !name.startsWith(".") && !optional.includes(name),
    );
    expect(entries.toSorted()).toEqual(agreed);
  });
});

describe("the fence itself", () => {
  it("reports an arrow from edge to trainer", ({ expect }) => {
    expect(importFaults([{ path: "edge/app.ts", imports: ["../trainer/cli.ts"] }])).toHaveLength(1);
  });

  it("reports the trainer in infra, but not its tasks in a lambda", ({ expect }) => {
    const imports = ["../../trainer/pipeline/tasks.ts"];
    expect(importFaults([{ path: "infra/constructs/machine.ts", imports }])).toHaveLength(1);
    expect(importFaults([{ path: "infra/constructs/decide.lambda.ts", imports }])).toEqual([]);
    const tensors = ["../../trainer/engine/engine.ts"];
    expect(importFaults([{ path: "infra/constructs/decide.lambda.ts", imports: tensors }])).toHaveLength(1);
  });

  it("reports node modules in shared", ({ expect }) => {
    expect(importFaults([{ path: "shared/image/codec.ts", imports: ["node:fs"] }])).toHaveLength(1);
  });

  it("reports tensorflow in the contract", ({ expect }) => {
    const faults = importFaults([{ path: "shared/contract/alias.ts", imports: ["@tensorflow/tfjs-core"] }]);
    expect(faults).toHaveLength(1);
  });

  it("reports a cycle", ({ expect }) => {
    const cycles = importCycles([
      { path: "shared/a.ts", imports: ["./b.ts"] },
      { path: "shared/b.ts", imports: ["./a.ts"] },
    ]);
    expect(cycles).toEqual(["shared/a.ts -> shared/b.ts -> shared/a.ts"]);
  });

  it("finds every form of import", ({ expect }) => {
    const text = [
      'import { a } from "./a.ts";',
      'import type { b } from "./b.ts";',
      'import "./c.ts";',
      'export { d } from "./d.ts";',
      'const e = await import("./e.ts");',
      'import {\n  f,\n} from "./f.ts";',
    ].join("\n");
    expect(importsOf(text)).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts"]);
  });
});
