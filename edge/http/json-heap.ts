const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const openBrace = 0x7b;

/** What a value takes of the heap where it stands in a list, one with a name, a text beside its characters, a list or an object. */
const bytesOfOne = { value: 16, named: 64, text: 32, structure: 64 } as const;

/**
 * Estimates what parsed JSON takes of the heap beside the characters of its texts: `[],` is 3 bytes of JSON and some 50
 * once parsed. Long texts are passed over as fast as memory is read.
 * @param most counting ends past it
 * @returns bytes
 */
export function estimateJsonHeap(json: Uint8Array, most: number): number {
  let heap = 0;
  for (let at = 0; at < json.length && heap <= most; at++) {
    const byte = json[at];
    if (byte === quote) {
      heap += bytesOfOne.text;
      at = endOfText(json, at + 1);
    } else if (byte === comma) heap += bytesOfOne.value;
    else if (byte === colon) heap += bytesOfOne.named;
    else if (byte === openBracket || byte === openBrace) heap += bytesOfOne.structure;
  }
  return heap;
}

/** Where the quote is that ends a text, the length of the JSON where none is. */
function endOfText(json: Uint8Array, start: number): number {
  const next = json.indexOf(quote, start);
  if (next < 0) return json.length;
  if (json[next - 1] !== backslash) return next;
  // the quote may be one of the text
  let at = start;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}
