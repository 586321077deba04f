/** Wire types of protocol buffers; see https://protobuf.dev/programming-guides/encoding */
const varintWire = 0;
const lengthWire = 2;

/** A whole number as a field. @param value 0..2^53 */
export function integerField(field: number, value: number): Uint8Array {
  return concatenate([varint(field * 8 + varintWire), varint(value)]);
}

/** Text, bytes, or a message made of fields, as a field. */
export function bytesField(field: number, value: string | Uint8Array | readonly Uint8Array[]): Uint8Array {
  const bytes =
    value instanceof Uint8Array ? value : typeof value === "string" ? utf8(value) : concatenate(value);
  return concatenate([varint(field * 8 + lengthWire), varint(bytes.length), bytes]);
}

/** The fields one after the other. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
