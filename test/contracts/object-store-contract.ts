import { afterAll, beforeAll, describe, it } from "vitest";
import { isAppError, type ErrorCode } from "../../shared/contract/errors.ts";
import { listAll } from "../../shared/store/list-all.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";

/** An empty store and how to end what it needs. */
export interface OpenedStore {
  readonly store: ObjectStore;
  readonly close: () => Promise<void>;
}

/**
 * What every {@link ObjectStore} does alike; runs wherever vitest does, workerd included.
 * The tests share one store, each under a prefix of its own.
 */
export function objectStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} as ObjectStore`, () => {
    let opened: OpenedStore;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());
    const useStore = (): ObjectStore => opened.store;

    describe("reading and writing", () => {
      readingAndWriting(useStore);
    });
    describe("conditions", () => {
      conditions(useStore);
    });
    describe("listing", () => {
      listing(useStore);
    });
    describe("keys", () => {
      keys(useStore);
    });
  });
}

function readingAndWriting(useStore: () => ObjectStore): void {
  it("gives back every byte value", async ({ expect }) => {
    const bytes = Uint8Array.from({ length: 1024 }, (_, i) => i % 256);
    const info = await useStore().put("rw/all-bytes.bin", bytes);
    expect(info).toMatchObject({ key: "rw/all-bytes.bin", sizeBytes: 1024 });
    expect(await bytesOf(useStore(), "rw/all-bytes.bin")).toEqual(bytes);
  });

  it("writes the part of a buffer that a view covers", async ({ expect }) => {
    const view = Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 3);
    await useStore().put("rw/view", view);
    expect(await bytesOf(useStore(), "rw/view")).toEqual(Uint8Array.of(2, 3));
  });

  it("keeps an empty object", async ({ expect }) => {
    await useStore().put("rw/empty", new Uint8Array(0));
    expect(await bytesOf(useStore(), "rw/empty")).toEqual(new Uint8Array(0));
    expect(await useStore().head("rw/empty")).toMatchObject({ sizeBytes: 0 });
  });

  it("keeps what it was given when the caller changes the array afterwards", async ({ expect }) => {
    const bytes = text("before");
    const writing = useStore().put("rw/borrowed", bytes);
    await writing;
    bytes.fill(0);
    expect(await bytesOf(useStore(), "rw/borrowed")).toEqual(text("before"));
  });

  it("says missing of an object that is not there", async ({ expect }) => {
    expect(await useStore().get("rw/nowhere")).toEqual({ kind: "missing" });
    expect(await useStore().get("rw/nowhere/deep/down")).toEqual({ kind: "missing" });
    expect(await useStore().head("rw/nowhere")).toBeNull();
  });

  it("replaces an object, and its etag with it", async ({ expect }) => {
    const first = await useStore().put("rw/replaced", text("one"));
    const second = await useStore().put("rw/replaced", text("two"));
    expect(second.etag).not.toBe(first.etag);
    expect(await bytesOf(useStore(), "rw/replaced")).toEqual(text("two"));
  });

  it("tells the same facts by put, head, get and list", async ({ expect }) => {
    const put = await useStore().put("rw/facts", text("facts"));
    const got = await useStore().get("rw/facts");
    expect(await useStore().head("rw/facts")).toEqual(put);
    expect(got.kind === "found" ? got.info : null).toEqual(put);
    expect((await useStore().list("rw/facts")).objects).toEqual([put]);
  });

  it("answers unchanged to the etag a reader knows, until the bytes change", async ({ expect }) => {
    const { etag } = await useStore().put("rw/watched", text("v1"));
    expect(await useStore().get("rw/watched", { ifNoneMatch: etag })).toEqual({ kind: "unchanged" });
    await useStore().put("rw/watched", text("v2"));
    expect(await useStore().get("rw/watched", { ifNoneMatch: etag })).toMatchObject({ kind: "found" });
  });

  it("reads an object of as many bytes as are wanted, and says of a larger one how large it is", async ({
    expect,
  }) => {
    await useStore().put("rw/sized", text("12345"));
    expect(await useStore().get("rw/sized", { mostBytes: 5 })).toMatchObject({ kind: "found" });
    expect(await useStore().get("rw/sized", { mostBytes: 4 })).toEqual({ kind: "larger", sizeBytes: 5 });
  });

  it("deletes an object once and for all, and does not mind to find none", async ({ expect }) => {
    await useStore().put("rw/folder/deleted", text("x"));
    await useStore().delete("rw/folder/deleted");
    await useStore().delete("rw/folder/deleted");
    expect(await useStore().get("rw/folder/deleted")).toEqual({ kind: "missing" });
    expect((await useStore().list("rw/folder/")).objects).toEqual([]);
  });

  it("rejects bytes that do not have the expected SHA-256, and writes nothing", async ({ expect }) => {
    const wrong = await sha256Hex(text("other"));
    const put = useStore().put("rw/checked", text("bytes"), { sha256: wrong });
    expect(await codeOf(put)).toBe("integrity_mismatch");
    expect(await useStore().head("rw/checked")).toBeNull();
  });

  it("takes bytes that have the expected SHA-256", async ({ expect }) => {
    await useStore().put("rw/right", text("bytes"), { sha256: await sha256Hex(text("bytes")) });
    expect(await bytesOf(useStore(), "rw/right")).toEqual(text("bytes"));
  });
}

function conditions(useStore: () => ObjectStore): void {
  it("refuses a put with ifNoneMatch * where an object is", async ({ expect }) => {
    await useStore().put("if/once", text("first"), { ifNoneMatch: "*" });
    const second = useStore().put("if/once", text("second"), { ifNoneMatch: "*" });
    expect(await codeOf(second)).toBe("precondition_failed");
    expect(await bytesOf(useStore(), "if/once")).toEqual(text("first"));
  });

  it("refuses a put whose ifMatch is stale", async ({ expect }) => {
    const { etag } = await useStore().put("if/match", text("v1"));
    await useStore().put("if/match", text("v2"), { ifMatch: etag });
    const stale = useStore().put("if/match", text("v3"), { ifMatch: etag });
    expect(await codeOf(stale)).toBe("precondition_failed");
    expect(await bytesOf(useStore(), "if/match")).toEqual(text("v2"));
  });

  it("refuses a put with ifMatch where no object is", async ({ expect }) => {
    const { etag } = await useStore().put("if/gone", text("v1"));
    await useStore().delete("if/gone");
    const put = useStore().put("if/gone", text("v2"), { ifMatch: etag });
    expect(await codeOf(put)).toBe("precondition_failed");
    expect(await useStore().head("if/gone")).toBeNull();
  });

  it("lets exactly one of 8 racers create an object", async ({ expect }) => {
    const winners = await race((racer) =>
      useStore().put("if/created", text(`racer ${racer}`), { ifNoneMatch: "*" }),
    );
    expect(winners).toHaveLength(1);
    expect(await bytesOf(useStore(), "if/created")).toEqual(text(`racer ${winners[0]}`));
  });

  it("lets exactly one of 8 racers replace an object", async ({ expect }) => {
    const { etag } = await useStore().put("if/replaced", text("before"));
    const winners = await race((racer) =>
      useStore().put("if/replaced", text(`racer ${racer}`), { ifMatch: etag }),
    );
    expect(winners).toHaveLength(1);
    expect(await bytesOf(useStore(), "if/replaced")).toEqual(text(`racer ${winners[0]}`));
  });
}

function listing(useStore: () => ObjectStore): void {
  it("lists past one page of 1,000 keys, each key once and in order", async ({ expect }) => {
    const wanted = Array.from({ length: 1003 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
    await inBatches(wanted, 50, (key) => useStore().put(key, text(key)));
    const first = await useStore().list("many/");
    expect(first.objects).toHaveLength(1000);
    expect(first.cursor).toBeDefined();
    const second = await useStore().list("many/", { cursor: first.cursor ?? "" });
    expect(second.cursor).toBeUndefined();
    expect([...first.objects, ...second.objects].map((object) => object.key)).toEqual(wanted);
  });

  it("lists in pages of the size one asks for, the last without cursor", async ({ expect }) => {
    for (const name of ["a", "b", "c", "d"]) await useStore().put(`pages/${name}`, text(name));
    const first = await useStore().list("pages/", { limit: 2 });
    expect(first.objects.map((object) => object.key)).toEqual(["pages/a", "pages/b"]);
    const second = await useStore().list("pages/", { limit: 2, cursor: first.cursor ?? "" });
    expect(second).toMatchObject({ objects: [{ key: "pages/c" }, { key: "pages/d" }] });
    expect(second.cursor).toBeUndefined();
  });

  it("takes a prefix as text, not as a folder", async ({ expect }) => {
    for (const key of ["prefix/ab/c", "prefix/abc", "prefix/b", "prefix2/a"]) {
      await useStore().put(key, text(key));
    }
    expect(await keysOf(useStore(), "prefix/ab")).toEqual(["prefix/ab/c", "prefix/abc"]);
    expect(await keysOf(useStore(), "prefix/ab/")).toEqual(["prefix/ab/c"]);
    expect(await keysOf(useStore(), "prefix/nothing")).toEqual([]);
    expect(await keysOf(useStore(), "../prefix")).toEqual([]);
  });

  it("sorts keys by their UTF-8 bytes, over folders too", async ({ expect }) => {
    // U+FF5E is one UTF-16 unit above those of U+1F600, and comes before it in UTF-8.
    const sorted = ["order/a!", "order/a-b", "order/a/z", "order/a0", "order/é", "order/\uff5e", "order/😀"];
    for (const key of sorted.toReversed()) await useStore().put(key, text(key));
    expect(await keysOf(useStore(), "order/")).toEqual(sorted);
    const pages: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await useStore().list("order/", { limit: 1, ...(cursor === undefined ? {} : { cursor }) });
      pages.push(...page.objects.map((object) => object.key));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(pages).toEqual(sorted);
  });

  it.for([0, 1001, 1.5, -1])("rejects a page size of %d", async (limit, { expect }) => {
    expect(await codeOf(useStore().list("", { limit }))).toBe("invalid_argument");
  });
}

function keys(useStore: () => ObjectStore): void {
  const odd = [
    ["an empty key", ""],
    ["a key from the root", "/etc/passwd"],
    ["a key with an empty part", "a//b"],
    ["a key that ends with a slash", "a/"],
    ["a parent folder", "a/../b"],
    ["a parent folder at the start", "../b"],
    ["the current folder", "a/./b"],
    ["a hidden part", "a/.b"],
    ["a backslash", "a\\b"],
    ["a NUL", "a\u0000b"],
    ["a line feed", "a\nb"],
    ["a drive letter", "c:/b"],
    ["a lone surrogate", "a\ud800b"],
    ["a part of 256 bytes", "é".repeat(128)],
    ["a key of 1,025 bytes", `${"a".repeat(204)}/`.repeat(5)],
  ] as const;

  it.for(odd)("rejects %s", async ([, key], { expect }) => {
    const store = useStore();
    const codes = [
      await codeOf(store.put(key, text("x"))),
      await codeOf(store.get(key)),
      await codeOf(store.head(key)),
      await codeOf(store.delete(key)),
    ];
    expect(codes).toEqual(Array.from(codes, () => "invalid_argument"));
  });

  it("takes spaces, quotes of other scripts and dots inside a name", async ({ expect }) => {
    const key = "keys/my photo (1).v2/Größe „3“.tar.gz";
    await useStore().put(key, text("x"));
    expect(await keysOf(useStore(), "keys/my")).toEqual([key]);
    expect(await bytesOf(useStore(), key)).toEqual(text("x"));
  });
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

async function bytesOf(store: ObjectStore, key: string): Promise<Uint8Array | null> {
  const object = await store.get(key);
  return object.kind === "found" ? object.bytes : null;
}

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of listAll(store, prefix)) found.push(key);
  return found;
}

/** Numbers of the racers that won; a loser fails with precondition_failed and nothing else. */
async function race(put: (racer: number) => Promise<unknown>): Promise<number[]> {
  const codes = await Promise.all(Array.from({ length: 8 }, (_, racer) => codeOf(put(racer))));
  const other = codes.filter((code) => code !== null && code !== "precondition_failed");
  if (other.length > 0) throw new Error(`racers failed with ${other.join(", ")}`);
  return codes.flatMap((code, racer) => (code === null ? [racer] : []));
}

/** The code of the error a promise is rejected with, `null` when it is fulfilled. */
async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await promise;
    return null;
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
}

async function inBatches<T>(
  items: readonly T[],
  size: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += size) {
    await Promise.all(items.slice(start, start + size).map(act));
  }
}
