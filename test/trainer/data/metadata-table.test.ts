import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { checkMetadata, readMetadataTable } from "../../../trainer/data/metadata-table.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-metadata-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function csv(content: string | Uint8Array): Promise<string> {
  const file = join(folder, "facts.csv");
  await writeFile(file, content);
  return file;
}

const rows = (count: number, of: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `a/${i}.jpg,${of(i)}`).join("\n");

/** How a file is refused: code and message. */
async function refusalOf(file: string): Promise<string> {
  try {
    await readMetadataTable(file);
    return "read";
  } catch (error) {
    return isAppError(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

describe("readMetadataTable", () => {
  it("reads quotes, commas, line ends of Windows and a mark at the start, and leaves out empty values", async () => {
    const file = await csv(
      '\uFEFFpath,weather,note\r\n"a/1, old.jpg",rain,"said ""no"",\r\nleft"\r\n./a/2.jpg, sun ,\r\n\r\n',
    );
    const { paths, columns, notices } = await readMetadataTable(file);
    expect(paths).toEqual(["a/1, old.jpg", "a/2.jpg"]);
    expect(columns).toEqual([
      {
        name: "weather",
        kind: "category",
        values: new Map([
          ["a/1, old.jpg", "rain"],
          ["a/2.jpg", "sun"],
        ]),
      },
      { name: "note", kind: "category", values: new Map([["a/1, old.jpg", 'said "no",\r\nleft']]) },
    ]);
    expect(notices).toEqual([]);
  });

  it("takes many different numbers for numbers, few for categories, and leaves out other columns, saying so", async () => {
    const file = await csv(`path,lux,lane,note\n${rows(20, (i) => `${i}e-1,${i % 3},note ${i}`)}`);
    const { columns, notices } = await readMetadataTable(file);
    expect(columns.map(({ name, kind }) => [name, kind])).toEqual([
      ["lux", "number"],
      ["lane", "category"],
    ]);
    expect(notices).toEqual([expect.stringContaining("column note")]);
    expect(notices[0]).toContain("20 different values");
  });

  it.each([
    ["a header without path", "file,weather\na/1.jpg,rain", 'the column "file"; the first one is named path'],
    ["no column but the path", "path\na/1.jpg", "0 columns beside path"],
    ["too many columns", `path,${Array.from({ length: 33 }, (_, i) => `c${i}`).join(",")}`, "33 columns"],
    ["a column without a name", "path,\na/1.jpg,rain", 'a column named ""'],
    ["a column twice", "path,x,x\na/1.jpg,1,2", "the column x twice"],
    ["no row", "path,weather\n", "no row below its header"],
    ["an empty file", "", "first one is named path"],
    ["a row with too few values", "path,x,y\na/1.jpg,1", "line 2, has 2 columns"],
    ["a row with too many", "path,x\na/1.jpg,1\na/2.jpg,1,2", "line 3, has 3 columns"],
    ["an open quote", 'path,x\na/1.jpg,"1\na/2.jpg,2', "quote that is never closed"],
    ["a stray quote", 'path,x\na/1.jpg,1"2"', "is no CSV"],
    ["a row without a path", "path,x\na/1.jpg,1\n ,2", "line 3, names no image"],
    ["a path twice", "path,x\na/1.jpg,1\n./a/1.jpg,2", "line 3, names a/1.jpg a second time"],
    ["a long value", `path,x\na/1.jpg,${"y".repeat(501)}`, "501 characters in column x"],
    ["a long row", `path,x\na/1.jpg,"${"y".repeat(20_000)}`, "longer than a row may be"],
    ["another encoding", Uint8Array.from([...Buffer.from("path,x\na/"), 0xe4, 0x0a]), "no text in UTF-8"],
    ["a picture", Uint8Array.from([...Buffer.from("path,x\n"), 0, 0]), "no text in UTF-8"],
  ])("rejects %s", async (_, content, message) => {
    const refusal = await refusalOf(await csv(content));
    expect(refusal).toMatch(/^invalid_argument: metadata /);
    expect(refusal).toContain(message);
  });

  it("rejects a file that is too large before reading it, a folder, and one that is not there", async () => {
    const large = join(folder, "large.csv");
    await writeFile(large, "path,x\n");
    await truncate(large, 40_000_000);
    expect(await refusalOf(large)).toContain("has 40000000 bytes, at most 32000000");
    expect(await refusalOf(folder)).toContain("is no file");
    expect(await refusalOf(join(folder, "none.csv"))).toContain("invalid_argument: cannot read the metadata");
  });
});

describe("checkMetadata", () => {
  const dataset = { images: [{ path: "a/1.jpg" }, { path: "b/1.jpg" }], skipped: [{ path: "b/broken.jpg" }] };

  it("takes a table of some images, and rows of files that were skipped", async () => {
    const table = await readMetadataTable(await csv("path,x\na/1.jpg,1\nb/broken.jpg,2"));
    expect(() => checkMetadata(table, dataset)).not.toThrow();
  });

  it("rejects paths that the dataset does not have, naming one of each; of a sample only a table that fits nothing", async () => {
    const table = await readMetadataTable(await csv("path,x\na/1.jpg,1\nphotos/a/2.jpg,2"));
    expect(() => checkMetadata(table, dataset)).toThrow(
      /names 1 of 2 images that the dataset does not have, such as "photos\/a\/2.jpg".*such as "a\/1.jpg"/,
    );
    expect(() => checkMetadata(table, dataset, true)).not.toThrow();
    const other = await readMetadataTable(await csv("path,x\nphotos/a/2.jpg,2"));
    expect(() => checkMetadata(other, dataset, true)).toThrow(/1 of 1 images/);
  });
});
