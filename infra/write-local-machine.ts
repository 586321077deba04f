import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { localMachine, parseTemplate, type Template } from "./local-machine.ts";

/** What `edgewise pipeline run` executes; part of the sources, as most users have no AWS and never synthesise. */
export const localMachineFile = fileURLToPath(
  new URL("../trainer/pipeline/local/machine.json", import.meta.url),
);

/** The machine of a synthesised deployment as JSON. @param folder with its templates */
export function localMachineText(folder: string, deployment: string): string {
  const template = (area: string): Template =>
    parseTemplate(
      JSON.parse(readFileSync(join(folder, `edgewise-${deployment}-${area}.template.json`), "utf8")),
    );
  return `${JSON.stringify(localMachine(template("pipeline"), template("training")), null, 2)}\n`;
}

/** Writes the machine of a synthesised deployment for machines at home. @returns whether it has changed */
export function writeLocalMachine(folder: string, deployment: string): boolean {
  const text = localMachineText(folder, deployment);
  if (
    JSON.stringify(JSON.parse(readFileSync(localMachineFile, "utf8"))) === JSON.stringify(JSON.parse(text))
  ) {
    return false;
  }
  writeFileSync(localMachineFile, text);
  return true;
}
