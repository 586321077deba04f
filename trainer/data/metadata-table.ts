import { readFile, stat } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../../shared/contract/errors.ts";

/** A column of the user's metadata by which images can be parted. */
export interface MetadataColumn {
  readonly name: string;
  /** Few different values, or numbers. */
  readonly kind: "category" | "number";
  /** By the image's path, relative to the dataset; images without a value are not in it. */
  readonly values: ReadonlyMap<string, string>;
}

/** What the user tells of the images. */
export interface MetadataTable {
  /** As it was named. */
  readonly file: string;
  /** Every path of the table. */
  readonly paths: readonly string[];
  readonly columns: readonly MetadataColumn[];
  /** Columns that part nothing, and why. */
  readonly notices: readonly string[];
}

const limits = { bytes: 32_000_000, columns: 32, name: 64, value: 500 };
/** Of more different values that are no numbers, each is hardly a slice. */
const mostCategories = 12;
const numeric = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads a CSV file (RFC 4180, UTF-8) whose first column is `path`, relative to the dataset, and whose other columns tell
 * something of the images.
 * @throws invalid_argument naming the line and what is allowed
 */
export async function readMetadataTable(file: string): Promise<MetadataTable> {
  const [header = [], ...rows] = parseRecords(await readText(file), file);
  const names = header.map((name) => name.trim());
  checkHeader(names, file);
  if (rows.length === 0) throw wrong(file, "has no row below its header; give a row an image");
  const paths = rows.map(([path = ""]) => path.trim().replace(/^\.\//, ""));
  checkPaths(paths, file);
  const columns: MetadataColumn[] = [];
  const notices: string[] = [];
  for (const [at, name] of names.entries()) {
    if (at === 0) continue;
    const values = new Map<string, string>();
    for (const [i, row] of rows.entries()) {
      const value = (row[at] ?? "").trim();
      if (value.length > limits.value) {
        const most = `${value.length} characters in column ${name}, at most ${limits.value} are allowed`;
        throw wrong(file, `has ${most}; shorten it`, i + 2);
      }
      if (value !== "") values.set(paths[i] ?? "", value);
    }
    const different = new Set(values.values());
    const kind = kindOf(different);
    if (kind === null) {
      const many = `${different.size} different values that are not all numbers; up to ${mostCategories} are compared`;
      notices.push(`column ${name} of ${file} is left out: ${many}`);
    } else columns.push({ name, kind, values });
  }
  return { file, paths, columns, notices };
}

/**
 * The table of a file, where one is named; says which of its columns are left out.
 * @throws what {@link readMetadataTable} throws
 */
export async function openMetadata(
  file: string | undefined,
  say: (line: string) => void,
): Promise<MetadataTable | null> {
  if (file === undefined) return null;
  const table = await readMetadataTable(file);
  for (const notice of table.notices) say(notice);
  return table;
}

interface PathOf {
  readonly path: string;
}

/**
 * Makes sure that a table is about the images of a dataset.
 * @param isPart whether the dataset is a sample, so that a table of the whole has more
 * @throws invalid_argument naming paths that are no images of the dataset
 */
export function checkMetadata(
  { file, paths: rows }: MetadataTable,
  { images, skipped }: { readonly images: readonly PathOf[]; readonly skipped: readonly PathOf[] },
  isPart = false,
): void {
  const known = new Set([...images, ...skipped].map(({ path }) => path));
  const strange = rows.filter((path) => !known.has(path));
  if (strange.length === 0 || (isPart && strange.length < rows.length)) return;
  throw wrong(
    file,
    `names ${strange.length} of ${rows.length} images that the dataset does not have, such as ` +
      `${JSON.stringify(strange[0])}; its paths are relative to the dataset, such as ${JSON.stringify(images[0]?.path)}`,
  );
}

async function readText(file: string): Promise<string> {
  let bytes;
  try {
    const found = await stat(file);
    if (!found.isFile()) throw wrong(file, "is no file; name a CSV file");
    if (found.size > limits.bytes) {
      throw wrong(
        file,
        `has ${found.size} bytes, at most ${limits.bytes} are read; leave out columns or rows`,
      );
    }
    bytes = await readFile(file);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("invalid_argument", `cannot read the metadata ${file}; name a CSV file`, { cause });
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // told below
  }
  throw wrong(file, "is no text in UTF-8; save it as CSV in UTF-8");
}

function parseRecords(text: string, file: string): string[][] {
  try {
    return parse(text, { skip_empty_lines: true, max_record_size: limits.columns * (limits.value + 4) });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = Number(cause["lines"]) || undefined;
    throw wrong(file, explain(cause), line, cause);
  }
}

/** The parser's complaint in our words, where it is a usual one. */
function explain(error: CsvError): string {
  const { code } = error;
  if (code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH") {
    const record: unknown = error["record"];
    const fields = Array.isArray(record) ? `${record.length} columns` : "another number of columns";
    return `has ${fields}, not as many as the header; quote values that hold a comma`;
  }
  if (code === "CSV_QUOTE_NOT_CLOSED")
    return 'opens a quote that is never closed; write a quote inside one as ""';
  if (code === "CSV_MAX_RECORD_SIZE")
    return "is longer than a row may be; look for a quote that is not closed";
  return `is no CSV: ${error.message}`;
}

function checkHeader(names: readonly string[], file: string): void {
  const [path, ...columns] = names;
  if (path !== "path") {
    throw wrong(file, `begins with the column ${JSON.stringify(path ?? "")}; the first one is named path`);
  }
  if (columns.length === 0 || columns.length > limits.columns) {
    throw wrong(file, `has ${columns.length} columns beside path; 1 to ${limits.columns} are allowed`);
  }
  const bad = columns.find((name) => name === "" || name.length > limits.name);
  if (bad !== undefined) {
    throw wrong(file, `has a column named ${JSON.stringify(bad)}; names have 1 to ${limits.name} characters`);
  }
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw wrong(file, `has the column ${twice} twice; name each once`);
}

function checkPaths(paths: readonly string[], file: string): void {
  const seen = new Set<string>();
  for (const [i, path] of paths.entries()) {
    if (path === "") throw wrong(file, "names no image; give the path of one", i + 2);
    if (seen.has(path)) throw wrong(file, `names ${path} a second time; give each image one row`, i + 2);
    seen.add(path);
  }
}

function kindOf(different: ReadonlySet<string>): MetadataColumn["kind"] | null {
  if (different.size <= mostCategories) return "category";
  return [...different].every((value) => numeric.test(value) && Number.isFinite(Number(value)))
    ? "number"
    : null;
}

/** @param line of the file, its header being the first */
function wrong(file: string, what: string, line?: number, cause?: unknown): AppError {
  const where = line === undefined ? "" : `, line ${line},`;
  return new AppError("invalid_argument", `metadata ${file}${where} ${what}`, { cause });
}
