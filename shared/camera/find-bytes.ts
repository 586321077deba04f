/** On the average, in bytes: jumps that go less far are not worth their call. */
const shortestJump = 32;

/**
 * Finds a sequence of bytes in time linear in the bytes looked at, whatever they are (Knuth, Morris, Pratt 1977):
 * a client chooses both the boundary and the body.
 * @returns a search that gives the position at or after `from`, or -1
 */
export function createFinder(sequence: Uint8Array): (bytes: Uint8Array, from: number) => number {
  const first = sequence[0] ?? 0;
  const fallbacks = new Uint8Array(sequence.length);
  for (let i = 1, length = 0; i < sequence.length; i++) {
    while (length > 0 && sequence[i] !== sequence[length]) length = fallbacks[length - 1] ?? 0;
    if (sequence[i] === sequence[length]) length++;
    fallbacks[i] = length;
  }
  return (bytes, from) => {
    let matched = 0;
    let jumps = 0;
    for (let i = from; i < bytes.length; i++) {
      // the platform's search for one byte is faster where it goes far, as it does in an image
      if (matched === 0 && jumps * shortestJump <= i - from) {
        jumps++;
        i = bytes.indexOf(first, i);
        if (i < 0) return -1;
      }
      while (matched > 0 && bytes[i] !== sequence[matched]) matched = fallbacks[matched - 1] ?? 0;
      if (bytes[i] === sequence[matched]) matched++;
      if (matched === sequence.length) return i - matched + 1;
    }
    return -1;
  };
}
