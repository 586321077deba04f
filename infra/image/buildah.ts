import { spawnSync } from "node:child_process";
import { AppError } from "../../shared/contract/errors.ts";

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs buildah with a storage of its own. */
export interface Buildah {
  /** @returns its stdout @throws {AppError} internal when it fails */
  (parameters: readonly string[]): string;
  /** The same for what may fail. */
  readonly attempt: (parameters: readonly string[]) => Ended;
}

/** @param storage folder for images and containers, removed by the caller */
export function createBuildah(storage: string): Buildah {
  const full = (parameters: readonly string[]): string[] => [
    "buildah",
    "--storage-driver=vfs",
    `--root=${storage}`,
    `--runroot=${storage}-run`,
    ...parameters,
  ];
  return Object.assign((parameters: readonly string[]) => run(full(parameters)), {
    attempt: (parameters: readonly string[]) => attempt(full(parameters)),
  });
}

/** Runs a command. @returns its stdout @throws {AppError} internal when it fails, with the last of its words */
export function run(commandLine: readonly string[]): string {
  const { status, stdout, stderr } = attempt(commandLine);
  if (status === 0) return stdout;
  throw new AppError(
    "internal",
    `${commandLine.slice(0, 6).join(" ")} ... ended with ${status}: ${`${stdout}\n${stderr}`.trim().slice(-2000)}`,
  );
}

function attempt([program = "", ...parameters]: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error === undefined) return { status, stdout, stderr };
  throw new AppError(
    "internal",
    `cannot run ${program} (${error.message}); apt-get install buildah mmdebstrap`,
  );
}
