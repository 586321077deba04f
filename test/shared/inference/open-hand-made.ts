import type { ErrorCode } from "../../../shared/contract/errors.ts";
import { AppError } from "../../../shared/contract/errors.ts";
import { type Bundle, type BundleExpectation, openBundle } from "../../../shared/inference/bundle.ts";
import type { HandMadeBundle } from "../../fixtures/hand-made-bundle.ts";

/** Opens a hand-made bundle from its files in memory. */
export function openHandMade(made: HandMadeBundle, expected: BundleExpectation = {}): Promise<Bundle> {
  const source = {
    manifest: fileOf(made, "manifest.json"),
    readFile: (path: string) => Promise.resolve(fileOf(made, path)),
  };
  return openBundle(source, expected);
}

/** The bytes of one of its files. */
export function fileOf(made: HandMadeBundle, path: string): Uint8Array {
  const bytes = made.files.get(path);
  if (bytes === undefined) throw new Error(`no file ${path}`);
  return bytes;
}

/** Why a bundle is not opened. */
export async function refusalOf(
  made: HandMadeBundle,
  expected: BundleExpectation = {},
): Promise<{ readonly code: ErrorCode; readonly message: string }> {
  try {
    await openHandMade(made, expected);
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("the bundle was opened");
}
