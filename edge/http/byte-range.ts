/** What a `Range` header asks of a file. */
export type ByteRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly first: number; readonly length: number }
  | { readonly kind: "unsatisfiable" };

/**
 * Reads a `Range` header (RFC 9110, section 14). One range is answered; several, other units and what does not parse
 * are passed over, as section 14.2 allows.
 * @param size of the file in bytes, > 0
 */
export function parseByteRange(header: string | undefined, size: number): ByteRange {
  const found = /^\s*bytes\s*=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? "");
  const [first, last] = [found?.[1] ?? "", found?.[2] ?? ""];
  if (first === "" && last === "") return { kind: "whole" };
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? { kind: "unsatisfiable" } : { kind: "part", first: size - length, length };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return { kind: "whole" };
  return start >= size ? { kind: "unsatisfiable" } : { kind: "part", first: start, length: end - start + 1 };
}
