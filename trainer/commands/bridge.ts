import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Command } from "commander";
import { projectRoot } from "../project-root.ts";
import { type CommonOptions, withCommonOptions } from "./common-options.ts";

/** Adds `bridge`: pulls the frames of cameras that cannot post, and posts them. */
export function addBridgeCommand(program: Command): void {
  const command = program
    .command("bridge")
    .description(
      "bring cameras of the local network that cannot post by themselves to a Worker, until Ctrl-C",
    )
    .argument("<config>", "JSON file, as edge/bridge/bridge.example.json");
  withCommonOptions(command, ["GATE_TOKEN=... npm run edgewise -- bridge bridge.json"]).action(
    async (config: string, _options: CommonOptions) => {
      // a program of the edge: started by its path, never imported
      const child = spawn(process.execPath, [join(projectRoot, "edge", "bridge", "main.ts"), config], {
        stdio: "inherit",
      });
      const stop = (): void => void child.kill("SIGTERM");
      process.once("SIGTERM", stop);
      // Ctrl-C reaches the child through the terminal
      process.on("SIGINT", () => undefined);
      const [code] = await once(child, "exit");
      process.exitCode = typeof code === "number" ? code : 1;
    },
  );
}
