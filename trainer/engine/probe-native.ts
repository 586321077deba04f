import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import * as z from "zod/mini";

/** The npm packages that bring TensorFlow's native library. */
export const nativePackages = {
  "native-cpu": "@tensorflow/tfjs-node",
  "native-gpu": "@tensorflow/tfjs-node-gpu",
} as const;

/** Whether a native package can be used in this process. */
export type ProbeResult =
  | { readonly kind: "usable"; readonly path: string; readonly gpu: boolean }
  | { readonly kind: "absent" }
  /** `reason` is one line. */
  | { readonly kind: "broken"; readonly reason: string };

const reportSchema = z.object({ ok: z.boolean(), gpu: z.boolean() });
/** The first use of a graphics card may compile its kernels. */
const probeTimeoutMs = 180_000;

/**
 * Tries a native package in a child process, where a library that does not fit may crash without harm.
 * @param name npm package  @param from file or folder URL from which Node looks for it
 */
export async function probeNative(name: string, from: string | URL = import.meta.url): Promise<ProbeResult> {
  let path: string;
  try {
    path = createRequire(from).resolve(name);
  } catch {
    return { kind: "absent" };
  }
  const { report, ending, lastWords } = await runProbe(path);
  const parsed = z.safeParse(reportSchema, report);
  if (parsed.success && parsed.data.ok) return { kind: "usable", path, gpu: parsed.data.gpu };
  if (parsed.success) return { kind: "broken", reason: "it loads but computes a wrong gradient" };
  return { kind: "broken", reason: `${ending}${lastWords === "" ? "" : `: ${lastWords}`}` };
}

interface ProbeRun {
  /** What the child reported, `null` when it did not get that far. */
  readonly report: unknown;
  /** How the child ended. */
  readonly ending: string;
  /** The line of its stderr that says most. */
  readonly lastWords: string;
}

function runProbe(path: string): Promise<ProbeRun> {
  const script = fileURLToPath(new URL("native-probe-child.cjs", import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, path], {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      timeout: probeTimeoutMs,
      killSignal: "SIGKILL",
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
    });
    const [, , stderr, channel] = child.stdio;
    const errors = collect(stderr);
    const reports = collect(channel);
    let spawnError = "";
    child.on("error", (error) => {
      spawnError = error.message;
    });
    child.on("close", (code, signal) => {
      const ending = signal === null ? `exit code ${code}` : `killed by ${signal}`;
      resolve({
        report: parseReport(reports()),
        ending: spawnError === "" ? ending : "not started",
        lastWords: spawnError === "" ? mostTelling(errors()) : spawnError,
      });
    });
  });
}

/** Gathers what a pipe of the child gives. */
function collect(pipe: unknown): () => string {
  const parts: Uint8Array[] = [];
  if (isReadable(pipe)) pipe.on("data", (part: Uint8Array) => parts.push(part));
  return () => Buffer.concat(parts).toString("utf8");
}

function isReadable(pipe: unknown): pipe is NodeJS.ReadableStream {
  return typeof pipe === "object" && pipe !== null && "on" in pipe;
}

function parseReport(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The line that names the error, or else the last one; at most 200 characters. */
function mostTelling(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("at ") && !line.startsWith("Node.js v"));
  const telling =
    lines.find((line) => /error|cannot|undefined symbol|no such file/i.test(line)) ?? lines.at(-1);
  return (telling ?? "").slice(0, 200);
}
