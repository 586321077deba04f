import { cpus, loadavg, release, totalmem } from "node:os";

/** Processor, memory, Node and load: a figure without its machine says nothing. */
export function describeMachine(): string {
  const processors = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    `${processors.length} x ${processors[0]?.model.trim() ?? "unknown processor"}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `${process.platform} ${release()} ${process.arch}, Node ${process.versions.node}, V8 ${process.versions.v8}`,
    `load ${load.join(" ")} at ${new Date().toISOString()}`,
  ].join("\n");
}
