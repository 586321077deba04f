import { AppError } from "../../shared/contract/errors.ts";

/**
 * A table of a FlatBuffers file; fields go by their position in the schema.
 * Every offset is checked against the file before it is followed. All methods throw invalid_argument when one leads
 * out of it, and give the fallback, `null` or nothing for a field that is absent.
 */
export interface FlatTable {
  int8(field: number, fallback: number): number;
  int32(field: number, fallback: number): number;
  float32(field: number, fallback: number): number;
  table(field: number): FlatTable | null;
  tables(field: number): readonly FlatTable[];
  int32s(field: number): readonly number[];
  float32s(field: number): readonly number[];
  /** Integers beyond 2^53 lose their last digits. */
  int64s(field: number): readonly number[];
  /** At most 200 characters, those beyond printable ASCII as question marks. */
  text(field: number): string;
  /** A view of the file, not a copy. */
  bytes(field: number): Uint8Array | null;
}

interface File {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Items of vectors that may still be read: as many as the file has bytes, or vectors lie on top of each other. */
  itemsLeft: number;
}

/**
 * Opens a FlatBuffers file (https://flatbuffers.dev/internals) as the untrusted input it is.
 * @param identifier the four characters after the root's offset
 * @throws invalid_argument when the file is of another kind or broken
 */
export function openFlatBuffer(bytes: Uint8Array, identifier: string): FlatTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = String.fromCharCode(...bytes.subarray(4, 8));
  if (found !== identifier) {
    throw new AppError(
      "invalid_argument",
      `the file has no mark ${identifier} at its fifth byte, so it is of another kind; name a .tflite file`,
    );
  }
  const file: File = { bytes, view, itemsLeft: bytes.length };
  return tableAt(file, follow(file, 0));
}

function tableAt(file: File, start: number): FlatTable {
  const { view } = file;
  const vtable = start - view.getInt32(inside(file, start, 4), true);
  const vtableBytes = view.getUint16(inside(file, vtable, 4), true);
  const tableBytes = view.getUint16(vtable + 2, true);
  inside(file, vtable, vtableBytes);
  inside(file, start, tableBytes);

  /** Where a field of `size` bytes is, `null` when it is absent. */
  function find(field: number, size: number): number | null {
    const entry = 4 + 2 * field;
    const offset = entry + 2 > vtableBytes ? 0 : view.getUint16(vtable + entry, true);
    if (offset === 0) return null;
    if (offset + size > tableBytes) throw broken(start + offset, size);
    return start + offset;
  }
  function scalar(field: number, size: number, fallback: number, read: (at: number) => number): number {
    const at = find(field, size);
    return at === null ? fallback : read(at);
  }
  function vector<T>(field: number, size: number, read: (at: number) => T): T[] {
    const at = find(field, 4);
    return at === null ? [] : readVector(file, follow(file, at), size, read);
  }
  return {
    int8: (field, fallback) => scalar(field, 1, fallback, (at) => view.getInt8(at)),
    int32: (field, fallback) => scalar(field, 4, fallback, (at) => view.getInt32(at, true)),
    float32: (field, fallback) => scalar(field, 4, fallback, (at) => view.getFloat32(at, true)),
    table: (field) => {
      const at = find(field, 4);
      return at === null ? null : tableAt(file, follow(file, at));
    },
    tables: (field) => vector(field, 4, (at) => tableAt(file, follow(file, at))),
    int32s: (field) => vector(field, 4, (at) => view.getInt32(at, true)),
    float32s: (field) => vector(field, 4, (at) => view.getFloat32(at, true)),
    int64s: (field) => vector(field, 8, (at) => Number(view.getBigInt64(at, true))),
    text: (field) => {
      const codes = vector(field, 1, (at) => view.getUint8(at)).slice(0, 200);
      return String.fromCharCode(...codes.map((code) => (code >= 32 && code < 127 ? code : 63)));
    },
    bytes: (field) => {
      const at = find(field, 4);
      if (at === null) return null;
      const vectorAt = follow(file, at);
      const count = view.getUint32(inside(file, vectorAt, 4), true);
      const first = inside(file, vectorAt + 4, count);
      return file.bytes.subarray(first, first + count);
    },
  };
}

function readVector<T>(file: File, start: number, size: number, read: (at: number) => T): T[] {
  const count = file.view.getUint32(inside(file, start, 4), true);
  const first = inside(file, start + 4, count * size);
  file.itemsLeft -= count;
  if (file.itemsLeft < 0) {
    throw new AppError(
      "invalid_argument",
      "the file's vectors hold more than the file has bytes, so they overlap; export the model again",
    );
  }
  return Array.from({ length: count }, (_, index) => read(first + index * size));
}

/** The place that the unsigned offset at `at` leads to. */
function follow(file: File, at: number): number {
  return at + file.view.getUint32(inside(file, at, 4), true);
}

/** `at`, once it is known that `size` bytes from there on are in the file. */
function inside(file: File, at: number, size: number): number {
  if (at < 0 || at + size > file.bytes.length) throw broken(at, size);
  return at;
}

function broken(at: number, size: number): AppError {
  return new AppError(
    "invalid_argument",
    `the file is damaged or cut short: it points to ${size} bytes at ${at}, where they cannot be; copy it again`,
  );
}
