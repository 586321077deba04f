import { AppError } from "../../shared/contract/errors.ts";

/** Keys made of the secret `CAMERA_KEY`, one for each use. */
export interface CameraKeys {
  /** Seals a text; `context` must be the same to open it. */
  seal(text: string, context: string): Promise<string>;
  /** @throws {AppError} internal when it was sealed with another key or for something else */
  open(sealed: string, context: string): Promise<string>;
  /** Hex HMAC-SHA256 of a text. */
  sign(text: string): Promise<string>;
}

const ivBytes = 12;

/**
 * Opens the keys.
 * @param secret base64 of 32 bytes, `undefined` where the Worker has none
 * @throws {AppError} invalid_argument when there is none, saying how to make one
 */
export async function openCameraKeys(secret: string | undefined): Promise<CameraKeys> {
  const bytes = secret === undefined ? null : bytesOf(secret);
  if (bytes === null || bytes.length !== 32) {
    throw new AppError(
      "invalid_argument",
      `the Worker has ${secret === undefined ? "no secret CAMERA_KEY" : "a CAMERA_KEY that is not 32 bytes as base64"}, ` +
        "which seals webhook secrets and signs snapshot links; openssl rand -base64 32 | npx wrangler secret put CAMERA_KEY",
    );
  }
  const material: CryptoKey = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  const sealing = await derive(material, "edgewise seal", { name: "AES-GCM", length: 256 }, [
    "encrypt",
    "decrypt",
  ]);
  const signing = await derive(material, "edgewise link", { name: "HMAC", hash: "SHA-256", length: 256 }, [
    "sign",
  ]);
  return {
    async seal(text, context) {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
      const algorithm = { name: "AES-GCM", iv, additionalData: utf8(context) };
      const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, sealing, utf8(text)));
      return btoa(String.fromCharCode(...iv, ...sealed));
    },
    async open(sealed, context) {
      const whole = bytesOf(sealed);
      const algorithm = { name: "AES-GCM", iv: whole.slice(0, ivBytes), additionalData: utf8(context) };
      try {
        return new TextDecoder().decode(
          await crypto.subtle.decrypt(algorithm, sealing, whole.slice(ivBytes)),
        );
      } catch (cause) {
        throw new AppError("internal", "a webhook secret was sealed with another CAMERA_KEY", { cause });
      }
    },
    async sign(text) {
      const mac = new Uint8Array(await crypto.subtle.sign("HMAC", signing, utf8(text)));
      return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
    },
  };
}

function derive(
  material: CryptoKey,
  purpose: string,
  key: { readonly name: string; readonly length: number; readonly hash?: string },
  uses: string[],
): Promise<CryptoKey> {
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(purpose) };
  return crypto.subtle.deriveKey(algorithm, material, { ...key }, false, uses);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

/** @returns empty for what is not base64 */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
