import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack, type Header } from "tar-stream";
import { afterEach, beforeEach, describe, it } from "vitest";
import { type AppError, isAppError } from "../../../shared/contract/errors.ts";
import { defaultArchiveLimits, type ArchiveLimits } from "../../../trainer/data/archive-guard.ts";
import { openArchive } from "../../../trainer/data/archive.ts";
import { readRange, type FileTree } from "../../../trainer/data/file-tree.ts";
import { writeZip, type ZipEntry } from "./zip-writer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-archive-"));
});
afterEach(() => rm(folder, { recursive: true }));

const wanted = [
  { name: "train/ants/a.jpg", content: Buffer.from("ant") },
  { name: "train/bees/b.jpg", content: Buffer.alloc(100_000, "bee") },
  { name: "train/bees/empty.jpg", content: Buffer.alloc(0) },
];

describe("openArchive", () => {
  it.for(["zip", "tar", "tar.gz"] as const)("reads the files of a .%s", async (format, { expect }) => {
    const tree = await open(await build(format, wanted));
    expect(tree.folders).toEqual(["train", "train/ants", "train/bees"]);
    expect(tree.files.map((file) => file.path)).toEqual(wanted.map((entry) => entry.name));
    for (const [i, file] of tree.files.entries()) {
      expect(Buffer.from(await readRange(file.range))).toEqual(wanted[i]?.content);
    }
  });

  it("takes a name by its parts, without the dots of tar and the backslashes of Windows", async ({
    expect,
  }) => {
    const tar = await open(await build("tar", [{ name: "./a/./b.jpg", content: Buffer.from("x") }]));
    const zip = await open(await build("zip", [{ name: "a\\b.jpg", content: Buffer.from("x") }]));
    expect(tar.files.map((file) => file.path)).toEqual(["a/b.jpg"]);
    expect(zip.files.map((file) => file.path)).toEqual(["a/b.jpg"]);
  });

  it("keeps empty folders and leaves out what systems litter", async ({ expect }) => {
    const entries = [
      ...wanted,
      { name: "train/none/", content: Buffer.alloc(0), mode: 0o040755 },
      { name: "__MACOSX/train/ants/._a.jpg", content: Buffer.from("fork") },
      { name: "train/ants/Thumbs.db", content: Buffer.from("thumbs") },
      { name: ".git/config", content: Buffer.from("x") },
    ];
    const tree = await open(await build("zip", entries));
    expect(tree.folders).toEqual(["train", "train/ants", "train/bees", "train/none"]);
    expect(tree.files).toHaveLength(wanted.length);
  });

  it("unpacks the same bytes once, whatever the file is called", async ({ expect }) => {
    const first = await build("tar.gz", wanted);
    const second = join(folder, "copy.tgz");
    await writeFile(second, await readFile(first));
    const calls: string[] = [];
    await openArchive(first, join(folder, "cache"), { onProgress: () => calls.push("first") });
    const tree = await openArchive(second, join(folder, "cache"), { onProgress: () => calls.push("second") });
    expect(tree.files).toHaveLength(wanted.length);
    expect(calls).toContain("first");
    expect(calls).not.toContain("second");
  });

  it("unpacks again what was damaged in the cache", async ({ expect }) => {
    const path = await build("zip", wanted);
    const [file] = (await open(path)).files;
    await truncate(file?.range.file ?? "", 10);
    const again = await open(path);
    for (const [i, { range }] of again.files.entries()) {
      expect(Buffer.from(await readRange(range))).toEqual(wanted[i]?.content);
    }
  });

  it("leaves alone what another host unpacks into the same cache, for a day", async ({ expect }) => {
    const scratch = join(folder, "cache", "archives", ".scratch");
    for (const [token, hoursAgo] of [
      ["otherhost.1.1.working", 5],
      ["otherhost.1.1.crashed", 25],
    ] as const) {
      await mkdir(join(scratch, token), { recursive: true });
      const time = Date.now() / 1000 - hoursAgo * 3600;
      await utimes(join(scratch, token), time, time);
    }
    await open(await build("zip", wanted));
    expect(await readdir(scratch)).toEqual(["otherhost.1.1.working"]);
  });

  it("tells how far it is, up to the size of the archive", async ({ expect }) => {
    const path = await build("tar.gz", wanted);
    const { length } = await readFile(path);
    const shares: number[] = [];
    await openArchive(path, join(folder, "cache"), {
      onProgress: (done, total) => shares.push(done / total),
    });
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(length).toBeGreaterThan(0);
  });
});

describe("openArchive refuses", () => {
  const refused = { code: "invalid_archive" };
  const unsafeNames = [
    "../evil.jpg",
    "a/../../evil.jpg",
    "..\\evil.jpg",
    "/etc/evil.jpg",
    "C:/evil.jpg",
    `${"a/".repeat(600)}b.jpg`,
  ];
  it.for(unsafeNames)("a zip with the entry %s", async (name, { expect }) => {
    expect(await refusal(await build("zip", [{ name, content: Buffer.from("x") }]))).toMatchObject(refused);
  });
  it.for(unsafeNames)("a tar with the entry %s", async (name, { expect }) => {
    expect(await refusal(await build("tar.gz", [{ name, content: Buffer.from("x") }]))).toMatchObject(
      refused,
    );
  });

  const types = ["symlink", "link", "character-device", "block-device", "fifo"] as const;
  it.for(types)("a tar with a %s", async (type, { expect }) => {
    const path = await buildTar("tar", [
      { header: { name: "train/ants/a.jpg", type, linkname: "/etc/passwd" } },
    ]);
    expect((await refusal(path)).message).toContain(type);
  });

  it.for([
    ["a symbolic link", 0o120777],
    ["a device", 0o060644],
    ["a socket", 0o140644],
  ] as const)("a zip with %s", async ([, mode], { expect }) => {
    const entry = { name: "train/ants/a.jpg", content: Buffer.from("/etc/passwd"), mode };
    expect((await refusal(await build("zip", [entry]))).message).toContain("a link or a device");
  });

  it("an encrypted zip", async ({ expect }) => {
    const entry = { name: "a/b.jpg", content: Buffer.from("x"), isEncrypted: true };
    expect((await refusal(await build("zip", [entry]))).message).toContain("encrypted");
  });

  it("a zip compressed by a method it cannot undo", async ({ expect }) => {
    const entry = { name: "a/b.jpg", content: Buffer.from("x"), method: 99 };
    expect(await refusal(await build("zip", [entry]))).toMatchObject(refused);
  });

  it.for(["zip", "tar"] as const)("a %s that lists a name twice", async (format, { expect }) => {
    const entry = { name: "a/b.jpg", content: Buffer.from("x") };
    const twice = [entry, { ...entry, name: "a//b.jpg" }];
    expect((await refusal(await build(format, twice))).message).toContain("twice");
  });

  it.for(["zip", "tar.gz"] as const)("a %s of too many entries", async (format, { expect }) => {
    const entries = Array.from({ length: 11 }, (_, i) => ({ name: `a/${i}.jpg`, content: Buffer.from("x") }));
    const { message } = await refusal(await build(format, entries), { maxEntries: 10 });
    expect(message).toContain("more than 10 entries");
  });

  it.for(["zip", "tar.gz"] as const)("a %s with too large an entry", async (format, { expect }) => {
    const entries = [{ name: "a/b.jpg", content: Buffer.alloc(1001) }];
    const { message } = await refusal(await build(format, entries), { maxEntryBytes: 1000 });
    expect(message).toContain("1001 bytes");
  });

  it.for(["zip", "tar.gz"] as const)(
    "a %s that unpacks to far more than it is",
    async (format, { expect }) => {
      const entries = Array.from({ length: 24 }, (_, i) => ({
        name: `a/${i}`,
        content: Buffer.alloc(1 << 20),
      }));
      expect((await refusal(await build(format, entries), { maxRatio: 10 })).message).toContain(
        "unpacks to more",
      );
    },
  );

  it("a zip whose entry is larger than it says", async ({ expect }) => {
    const entry = { name: "a/b.jpg", content: Buffer.alloc(1 << 20), declaredBytes: 10 };
    expect(await refusal(await build("zip", [entry]))).toMatchObject(refused);
  });

  it("a tar whose entry is said to be larger than the archive", async ({ expect }) => {
    const path = await build("tar", [{ name: "a/b.jpg", content: Buffer.from("x") }]);
    const bytes = await readFile(path);
    writeTarSize(bytes, 300_000_000_000);
    await writeFile(path, bytes);
    expect(await refusal(path)).toMatchObject(refused);
  });

  it("a gzip bomb of nothing but padding", async ({ expect }) => {
    const path = join(folder, "padding.tar.gz");
    await writeFile(path, gzipSync(Buffer.alloc(64 << 20)));
    expect((await refusal(path)).message).toContain("unpacks to more");
  });

  it.for(["zip", "tar", "tar.gz"] as const)("a %s that is cut off", async (format, { expect }) => {
    const path = await build(format, wanted);
    const { length } = await readFile(path);
    await truncate(path, Math.floor(length * 0.8));
    expect(await refusal(path)).toMatchObject(refused);
  });

  it("a gzip of random bytes, a rar and an empty file", async ({ expect }) => {
    for (const bytes of [
      gzipSync(Buffer.from("no tar at all")),
      Buffer.from("Rar!\x1a\x07\x01\x00"),
      Buffer.alloc(0),
    ]) {
      const path = join(folder, "some.bin");
      await writeFile(path, bytes);
      expect(await refusal(path)).toMatchObject(refused);
    }
  });

  it("and leaves nothing behind", async ({ expect }) => {
    expect(
      await refusal(await build("zip", [...wanted, { name: "../evil", content: Buffer.from("x") }])),
    ).toMatchObject(refused);
    expect(await readdir(join(folder, "cache", "archives"))).toEqual([".scratch"]);
    expect(await readdir(join(folder, "cache", "archives", ".scratch"))).toEqual([]);
  });
});

function open(path: string, limits: Partial<ArchiveLimits> = {}): Promise<FileTree> {
  return openArchive(path, join(folder, "cache"), { limits: { ...defaultArchiveLimits, ...limits } });
}

/** The error with which an archive is refused. @throws when it is not refused, or by another kind of error */
async function refusal(path: string, limits: Partial<ArchiveLimits> = {}): Promise<AppError> {
  const error = await open(path, limits).then(
    () => new Error("the archive was not refused"),
    (reason: unknown) => reason,
  );
  if (isAppError(error, "invalid_archive")) return error;
  throw error;
}

async function build(format: "zip" | "tar" | "tar.gz", entries: readonly ZipEntry[]): Promise<string> {
  if (format !== "zip") {
    return buildTar(
      format,
      entries.map(({ name, content }) => ({ header: { name }, content: Buffer.from(content) })),
    );
  }
  const path = join(folder, "archive.zip");
  await writeFile(path, writeZip(entries));
  return path;
}

async function buildTar(
  format: "tar" | "tar.gz",
  entries: readonly { readonly header: Partial<Header> & { name: string }; readonly content?: Buffer }[],
): Promise<string> {
  const stream = pack();
  for (const { header, content } of entries) stream.entry(header, content ?? Buffer.alloc(0));
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer); // tar-stream does not type its chunks
  const bytes = Buffer.concat(chunks);
  const path = join(folder, `archive.${format}`);
  await writeFile(path, format === "tar" ? bytes : gzipSync(bytes));
  return path;
}

/** Writes another size into the first header of a tar, in base 256, and its checksum. */
function writeTarSize(bytes: Buffer, size: number): void {
  bytes[124] = 0x80;
  bytes.writeUIntBE(size, 130, 6);
  bytes.fill(" ", 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
}
