import { AppError } from "../contract/errors.ts";

/** Longest key every store takes, in UTF-8 bytes (the limit of S3 and R2). */
export const maxKeyBytes = 1024;

/** Longest part of a key between two slashes, in UTF-8 bytes (the limit of a file name). */
export const maxKeyPartBytes = 255;

/** Largest page of a listing (the limit of S3 and R2). */
export const maxPageSize = 1000;

// Control characters and the characters that some file system cannot hold in a name.
// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const oddCharacter = /[\u0000-\u001f\u007f\\:*?"<>|]/;

const loneSurrogate = /\p{Surrogate}/u;

/**
 * Refuses a key that one of the stores could not hold, so that all of them take the same keys.
 * A key is one or more parts joined by `/`; a part is not empty, starts with no dot and ends with neither dot nor space.
 * @throws {AppError} invalid_argument
 */
export function checkKey(key: string): void {
  const fault = faultOf(key);
  if (fault === null) return;
  throw new AppError(
    "invalid_argument",
    `object key ${JSON.stringify(key.slice(0, 200))} ${fault}; keys are parts joined by "/", each 1 to ${maxKeyPartBytes} bytes, starting with no dot`,
  );
}

/**
 * The page size of a listing: `limit`, or the largest.
 * @throws {AppError} invalid_argument unless it is a whole number from 1 to 1000
 */
export function checkPageSize(limit: number | undefined): number {
  if (limit === undefined) return maxPageSize;
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxPageSize) return limit;
  throw new AppError("invalid_argument", `limit of a listing is ${limit}, allowed is 1 to ${maxPageSize}`);
}

/**
 * Compares two keys by their UTF-8 bytes, the order in which every store lists.
 * @returns negative when `a` comes first, positive when `b` does, 0 when they are equal
 */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i += 1) {
    const unitOfA = a.charCodeAt(i);
    const unitOfB = b.charCodeAt(i);
    if (unitOfA !== unitOfB) return codePointRank(unitOfA) - codePointRank(unitOfB);
  }
  return a.length - b.length;
}

function faultOf(key: string): string | null {
  if (key === "") return "is empty";
  if (loneSurrogate.test(key)) return "is not well-formed Unicode";
  if (utf8Length(key) > maxKeyBytes) return `is longer than ${maxKeyBytes} bytes`;
  if (oddCharacter.test(key)) return "has a character that not every store can hold";
  for (const part of key.split("/")) {
    if (part === "") return "has an empty part";
    if (part.startsWith(".")) return "has a part that starts with a dot";
    if (part.endsWith(".") || part.endsWith(" ")) return "has a part that ends with a dot or a space";
    if (utf8Length(part) > maxKeyPartBytes) return `has a part longer than ${maxKeyPartBytes} bytes`;
  }
  return null;
}

/** UTF-16 puts surrogate pairs (U+10000 and above) before U+E000 to U+FFFF; UTF-8 puts them after. */
function codePointRank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  if (unit >= 0xd800) return unit + 0x2000;
  return unit;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
