import { sha256Hex } from "../../shared/store/sha256.ts";

/** A token as it is kept: without the token. Times are milliseconds since 1970. */
export interface StoredToken {
  readonly id: string;
  /** SHA-256 in hex. Enough for what is random, unlike a password of somebody's choice. */
  readonly sha256: string;
  readonly createdAt: number;
  /** `null` for one that works until it is rotated. */
  readonly expiresAt: number | null;
}

/** 96 random bits: 16 characters are what some cameras allow a password. */
const tokenBytes = 12;

/** A new token: told once, kept hashed. */
export async function createToken(
  now: number,
): Promise<{ readonly token: string; readonly stored: StoredToken }> {
  const token = base64Url(crypto.getRandomValues(new Uint8Array(tokenBytes)));
  const sha256 = await hashToken(token);
  return { token, stored: { id: sha256.slice(0, 8), sha256, createdAt: now, expiresAt: null } };
}

/** SHA-256 of a token, in hex. */
export function hashToken(token: string): Promise<string> {
  return sha256Hex(new TextEncoder().encode(token));
}

/** The token that was presented, `undefined` where it is none of these or no longer works. */
export function findToken(
  tokens: readonly StoredToken[],
  sha256: string,
  now: number,
): StoredToken | undefined {
  // digests: how long a comparison takes says nothing of the token
  return tokens.find((token) => token.sha256 === sha256 && isActive(token, now));
}

/** Whether a token still works. */
export function isActive({ expiresAt }: StoredToken, now: number): boolean {
  return expiresAt === null || now < expiresAt;
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
