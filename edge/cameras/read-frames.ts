import { requestLimits } from "../../shared/contract/classify-request.ts";
import { imageLimits } from "../../shared/image/codec-failure.ts";
import { sniffFormat } from "../../shared/image/sniff-format.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import { decodeBase64 } from "../http/decode-base64.ts";
import { estimateJsonHeap } from "../http/json-heap.ts";
import { parseParts } from "../http/multipart.ts";
import { readBody } from "../http/read-body.ts";
import { findCameraTime, parseCameraTime } from "./camera-time.ts";

/** What a camera sent. */
export interface SentFrames {
  /** Files that look like images, the oldest first. */
  readonly images: readonly Uint8Array[];
  /** Milliseconds since 1970 by the camera's clock, `null` where it does not tell. */
  readonly at: number | null;
}

/** Frames of one post that are looked at; the others are older. */
export const mostFrames = 64;
const longestText = 256 * 1024;
/** Of base64 in JSON: shorter is no image. */
const shortestEncoded = 200;
const mostValues = 2000;
/** Of the heap, for the values of JSON: 100,000 objects are no event of a camera. */
const mostHeapBytes = 8_000_000;
const mostFields = 1000;

/**
 * Reads whatever cameras post: an image whatever its type is called, parts of which any may be an image, JSON with one
 * inside, or an event without any. What is none of these is no frame, and no failure: a camera that is refused for an
 * event resends it, or gives up for good.
 * @throws {AppError} payload_too_large; invalid_argument when the body breaks off
 */
export async function readFrames(request: Request): Promise<SentFrames> {
  const told = parseCameraTime(
    request.headers.get("x-frame-time") ?? new URL(request.url).searchParams.get("at") ?? "",
  );
  const body = await readBody(request, requestLimits.bodyBytes);
  const contentType = request.headers.get("content-type") ?? "";
  if (/^\s*multipart\//i.test(contentType)) {
    const parts = partsOf(body, contentType);
    const texts = parts.filter((part) => part.length <= longestText && !isImage(part));
    const inside = texts.map(framesOfText);
    return {
      images: [...parts.filter(isImage), ...inside.flatMap(({ images }) => images)].slice(-mostFrames),
      at: told ?? firstTime(inside),
    };
  }
  if (isImage(body)) return { images: [body], at: told };
  const { images, at } = framesOfText(body);
  return { images: images.slice(-mostFrames), at: told ?? at };
}

/** The parts of a body, none where it is not what its type says. */
function partsOf(body: Uint8Array, contentType: string): readonly Uint8Array[] {
  try {
    return parseParts(body, contentType, false).map(({ bytes }) => bytes);
  } catch (error) {
    if (isAppError(error, "invalid_argument")) return [];
    throw error;
  }
}

function isImage(bytes: Uint8Array): boolean {
  // a film or a GIF is told so when it does not decode
  const sniffed = sniffFormat(bytes);
  return (
    sniffed.kind === "readable" ||
    (sniffed.kind === "unreadable" && /GIF|HEIC|AVIF|BMP|TIFF/.test(sniffed.name))
  );
}

function firstTime(found: readonly SentFrames[]): number | null {
  return found.find(({ at }) => at !== null)?.at ?? null;
}

/** Images in the values of JSON, and the time that JSON or XML tells. */
function framesOfText(bytes: Uint8Array): SentFrames {
  if (bytes.length === 0 || bytes.length > requestLimits.bodyBytes) return { images: [], at: null };
  const text = new TextDecoder().decode(bytes);
  const images = /^\s*[[{]/.test(text) ? imagesInJson(bytes, text) : imagesInForm(text);
  // an encoded image is long and tells no time
  return { images, at: findCameraTime(text.length > longestText ? withoutLongText(text) : text) };
}

function withoutLongText(text: string): string {
  return text.replaceAll(/"[A-Za-z0-9+/=_:;,-]{2000,}"/g, '""').slice(0, longestText);
}

function imagesInJson(bytes: Uint8Array, text: string): Uint8Array[] {
  if (estimateJsonHeap(bytes, mostHeapBytes) > mostHeapBytes) return [];
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return [];
  }
  const images: Uint8Array[] = [];
  const waiting: unknown[] = [root];
  for (let seen = 0; waiting.length > 0 && seen < mostValues; seen++) {
    const value = waiting.shift();
    if (typeof value === "string") {
      const image = imageInText(value);
      if (image !== null) images.push(image);
    } else if (typeof value === "object" && value !== null) {
      waiting.push(...Object.values(value).slice(0, mostValues));
    }
  }
  return images;
}

/** `image=<base64>` as small clients post it. */
function imagesInForm(text: string): Uint8Array[] {
  if (!/^[\w.-]{1,40}=/.test(text) || text.split("&", mostFields + 1).length > mostFields) return [];
  const values = [...new URLSearchParams(text).values()];
  // a form takes + for a space
  return values.map((value) => imageInText(value.replaceAll(" ", "+"))).filter((image) => image !== null);
}

function imageInText(text: string): Uint8Array | null {
  if (text.length < shortestEncoded) return null;
  try {
    const bytes = decodeBase64(text, imageLimits.maxBytes);
    return isImage(bytes) ? bytes : null;
  } catch {
    return null;
  }
}
