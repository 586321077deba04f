// A program for the tests that need other processes: `node store-process.ts <what> <store folder> [etag]`.
// It prints one word a line, and reads lines from stdin where it has to wait.
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isAppError } from "../../../shared/contract/errors.ts";
import { createFileStore } from "../../../trainer/storage/file-store.ts";
import { withFileLock } from "../../../trainer/storage/file-lock.ts";

const [what, root = "", etag] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const store = createFileStore(root);

switch (what ?? "") {
  case "race":
    console.log("ready");
    await lines.next();
    console.log(await raceFor("contested", etag));
    break;
  case "write-for-ever":
    for (;;) {
      console.log("writing");
      await store.put("torn/object", selfCheckingBytes());
    }
  case "hold-lock":
    await mkdir(join(root, ".scratch"), { recursive: true });
    await mkdir(join(root, ".locks"), { recursive: true });
    await withFileLock(join(root, ".locks", "held"), join(root, ".scratch"), async () => {
      console.log("locked");
      await lines.next();
      await writeFile(join(root, "released"), "");
    });
    break;
  default:
    throw new Error(`unknown program ${what}, store there: ${existsSync(root)}`);
}
process.exit(0);

async function raceFor(key: string, expected: string | undefined): Promise<string> {
  const conditions = expected === undefined ? { ifNoneMatch: "*" as const } : { ifMatch: expected };
  try {
    await store.put(key, randomBytes(1000), conditions);
    return "won";
  } catch (error) {
    if (isAppError(error, "precondition_failed")) return "lost";
    throw error;
  }
}

/** Random bytes that start with the SHA-256 of the rest. */
function selfCheckingBytes(): Uint8Array {
  const body = randomBytes(64 * 1024 + Math.floor(Math.random() * 64 * 1024));
  return Buffer.concat([createHash("sha256").update(body).digest(), body]);
}
