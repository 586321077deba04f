import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, it } from "vitest";
import { withFileLock } from "../../../trainer/storage/file-lock.ts";
import { createFileStore } from "../../../trainer/storage/file-store.ts";

const program = fileURLToPath(new URL("store-process.ts", import.meta.url));

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** The next line it prints; rejects when it ends instead. */
  readonly nextLine: () => Promise<string>;
}

describe("a file store that several processes use", () => {
  let root: string;
  let started: Running[];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "edgewise-store-"));
    started = [];
  });
  afterEach(async () => {
    await Promise.all(started.map(kill));
    await rm(root, { recursive: true });
  });

  function start(what: string, ...more: string[]): Running {
    const child = spawn(process.execPath, ["--no-warnings", program, what, root, ...more]);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let complaint = "";
    child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
    const running = {
      child,
      nextLine: async () => {
        const line = await lines.next();
        if (line.done === true) throw new Error(`${what} ended: ${complaint}`);
        return line.value;
      },
    };
    started.push(running);
    return running;
  }

  async function race(...more: string[]): Promise<string[]> {
    const racers = Array.from({ length: 8 }, () => start("race", ...more));
    await Promise.all(racers.map((racer) => racer.nextLine()));
    for (const racer of racers) racer.child.stdin.write("go\n");
    const answers = await Promise.all(racers.map((racer) => racer.nextLine()));
    return answers.toSorted();
  }

  it("lets one of 8 processes create an object", async ({ expect }) => {
    expect(await race()).toEqual([...Array.from({ length: 7 }, () => "lost"), "won"]);
  });

  it("lets one of 8 processes replace an object", async ({ expect }) => {
    const { etag } = await createFileStore(root).put("contested", Uint8Array.of(1));
    expect(await race(etag)).toEqual([...Array.from({ length: 7 }, () => "lost"), "won"]);
  });

  it("holds whole objects only, whenever its writer is killed", async ({ expect }) => {
    const store = createFileStore(root);
    for (let round = 0; round < 8; round += 1) {
      const writer = start("write-for-ever");
      for (let line = 0; line < 3 + round; line += 1) {
        await writer.nextLine();
        expect(await isWhole(store)).toBe(true);
      }
      await kill(writer);
      expect(await isWhole(store)).toBe(true);
    }
    expect((await store.list("")).objects.length).toBeLessThanOrEqual(1);
    // A new process cleans up after the killed ones, and their locks do not stop it.
    const after = createFileStore(root);
    await after.put("torn/object", Uint8Array.of(1));
    expect(await readdir(join(root, ".scratch"))).toEqual([]);
    expect(await readdir(join(root, ".locks"))).toEqual([]);
  });

  it("breaks the lock of a killed process", async ({ expect }) => {
    const holder = start("hold-lock");
    await holder.nextLine();
    await kill(holder);
    expect(await readdir(join(root, ".locks", "held"))).toHaveLength(1);
    const done = withFileLock(join(root, ".locks", "held"), join(root, ".scratch"), async () => "mine");
    expect(await done).toBe("mine");
    expect(await readdir(join(root, ".locks"))).toEqual([]);
  });

  it("waits for the lock of a running process", async ({ expect }) => {
    const holder = start("hold-lock");
    await holder.nextLine();
    const waiting = withFileLock(join(root, ".locks", "held"), join(root, ".scratch"), async () =>
      existsSync(join(root, "released")),
    );
    // Time enough for a lock that does not hold to show.
    for (let turn = 0; turn < 100; turn += 1) await readdir(root);
    holder.child.stdin.write("release\n");
    expect(await waiting).toBe(true);
  });
});

async function kill({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function isWhole(store: ReturnType<typeof createFileStore>): Promise<boolean> {
  const object = await store.get("torn/object");
  if (object.kind !== "found") return object.kind === "missing";
  const digest = createHash("sha256").update(object.bytes.subarray(32)).digest();
  return digest.equals(object.bytes.subarray(0, 32));
}
