import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseBridgeConfig } from "../../../edge/bridge/bridge-config.ts";
import { projectRoot } from "../../../trainer/project-root.ts";

const read = (name: string): string => readFileSync(join(projectRoot, "edge/bridge", name), "utf8");

describe("what the bridge is deployed with", () => {
  it.each([
    ["edgewise-bridge.service", /^ExecStart=\S+ \/opt\/edgewise\/(\S+) \/etc\/edgewise\/bridge\.json$/m],
    ["compose.yaml", /command: \["node", "\/edgewise\/([^"]+)", "\/etc\/edgewise\/bridge\.json"\]/],
  ])("starts a program that is there: %s", (name, program) => {
    const path = program.exec(read(name))?.[1] ?? "";
    expect(path).not.toBe("");
    expect(existsSync(join(projectRoot, path))).toBe(true);
  });

  it("has an example of the configuration with every source", () => {
    const text = read("bridge.example.json");
    const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name ?? "", "abcdefghijklmnop"]);
    const { cameras } = parseBridgeConfig(text, Object.fromEntries(names));
    expect(new Set(cameras.map(({ source }) => source.kind))).toEqual(
      new Set(["snapshot", "mjpeg", "frigate", "folder"]),
    );
  });
});
