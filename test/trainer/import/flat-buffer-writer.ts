/** A field's value; tables go by the position of the field in the schema. */
export type FlatField =
  | { readonly int8: number }
  | { readonly int32: number }
  | { readonly float32: number }
  | { readonly table: FlatFields }
  | { readonly tables: readonly FlatFields[] }
  | { readonly int32s: readonly number[] }
  | { readonly float32s: readonly number[] }
  | { readonly int64s: readonly number[] }
  | { readonly bytes: Uint8Array };

/** A table to be written. */
export type FlatFields = Readonly<Record<number, FlatField>>;

/** Writes a FlatBuffers file, each table before those it refers to. */
export function writeFlatBuffer(identifier: string, root: FlatFields): Uint8Array {
  const out: number[] = [0, 0, 0, 0, ...Buffer.from(identifier, "latin1")];
  patch(out, 0, putTable(out, root));
  return Uint8Array.from(out);
}

function putTable(out: number[], fields: FlatFields): number {
  const ids = Object.keys(fields).map(Number);
  const entries = Math.max(-1, ...ids) + 1;
  const vtable = out.length;
  out.push(...littleEndian(4 + 2 * entries, 2), ...littleEndian(4 + 4 * ids.length, 2));
  for (let id = 0; id < entries; id++) {
    out.push(...littleEndian(ids.includes(id) ? 4 + 4 * ids.indexOf(id) : 0, 2));
  }
  const start = out.length;
  out.push(...littleEndian(start - vtable, 4));
  // Every field takes four bytes, so that those that are offsets can be filled in afterwards.
  for (const id of ids) out.push(...inlineBytes(fields[id] as FlatField));
  for (const [index, id] of ids.entries()) putReferenced(out, start + 4 + 4 * index, fields[id] as FlatField);
  return start;
}

function inlineBytes(field: FlatField): number[] {
  if ("int8" in field) return littleEndian(field.int8 & 0xff, 4);
  if ("int32" in field) return littleEndian(field.int32, 4);
  if ("float32" in field) return [...new Uint8Array(Float32Array.of(field.float32).buffer)];
  return [0, 0, 0, 0];
}

function putReferenced(out: number[], at: number, field: FlatField): void {
  if ("table" in field) patch(out, at, putTable(out, field.table));
  else if ("tables" in field) {
    const vector = putVector(
      out,
      at,
      field.tables.length,
      field.tables.flatMap(() => [0, 0, 0, 0]),
    );
    for (const [index, table] of field.tables.entries()) {
      patch(out, vector + 4 * index, putTable(out, table));
    }
  } else if ("bytes" in field) putVector(out, at, field.bytes.length, field.bytes);
  else if ("int32s" in field) putNumbers(out, at, field.int32s, Int32Array.from(field.int32s));
  else if ("float32s" in field) putNumbers(out, at, field.float32s, Float32Array.from(field.float32s));
  else if ("int64s" in field) putNumbers(out, at, field.int64s, BigInt64Array.from(field.int64s.map(BigInt)));
}

function putNumbers(out: number[], at: number, { length }: readonly number[], values: ArrayBufferView): void {
  putVector(out, at, length, new Uint8Array(values.buffer));
}

function putVector(out: number[], at: number, count: number, bytes: Iterable<number>): number {
  patch(out, at, out.length);
  out.push(...littleEndian(count, 4), ...bytes);
  return out.length - [...bytes].length;
}

function patch(out: number[], at: number, target: number): void {
  for (const [index, byte] of littleEndian(target - at, 4).entries()) out[at + index] = byte;
}

function littleEndian(value: number, length: number): number[] {
  return Array.from({ length }, (_, index) => Math.floor((value >>> 0) / 256 ** index) % 256);
}
