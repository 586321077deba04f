// oxlint-disable no-control-regex -- signatures are made of any bytes
/** What the first bytes of a file say it is. */
export type SniffedFormat =
  | { readonly kind: "readable"; readonly format: ImageFormat }
  /** A format we do not read, by its name. */
  | { readonly kind: "unreadable"; readonly name: string }
  /** No signature we know. */
  | { readonly kind: "unknown" };

/** The formats the codec reads. */
export type ImageFormat = "jpeg" | "png" | "webp";

const readable: readonly (readonly [ImageFormat, RegExp])[] = [
  ["jpeg", /^\xff\xd8\xff/],
  ["png", /^\x89PNG\r\n\x1a\n/],
  ["webp", /^RIFF[^]{4}WEBP/],
];

// `ftyp` brands: ISO/IEC 23008-12 (HEIF), AV1 Image File Format; others are films.
const unreadable: readonly (readonly [string, RegExp])[] = [
  ["GIF", /^GIF8[79]a/],
  ["AVIF", /^[^]{4}ftyp(?:avif|avis)/],
  ["HEIC", /^[^]{4}ftyp(?:hei[cmsx]|hev[cmx]|mif1|msf1)/],
  ["MP4 or QuickTime video", /^[^]{4}ftyp/],
  ["TIFF", /^(?:II\*\0|MM\0\*|II\+\0|MM\0\+)/],
  ["BMP", /^BM[^]{4}\0\0\0\0/],
  ["JPEG XL", /^(?:\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n)/],
  ["JPEG 2000", /^(?:\0\0\0\x0cjP {2}\r\n\x87\n|\xff\x4f\xff\x51)/],
  ["PDF", /^%PDF-/],
  ["icon", /^\0\0[\x01\x02]\0/],
  ["PSD", /^8BPS/],
  ["ZIP", /^PK(?:\x03\x04|\x05\x06)/],
  ["gzip", /^\x1f\x8b\x08/],
  ["OpenEXR", /^\x76\x2f\x31\x01/],
  ["Matroska or WebM video", /^\x1a\x45\xdf\xa3/],
  ["AVI video", /^RIFF[^]{4}AVI /],
  ["QOI", /^qoif/],
];

/** The signatures of the readable formats end before. */
const signatureBytes = 16;
/** Where markup may have begun. */
const sniffedBytes = 512;

/** The format of a file by its signature, whatever its name or content type says. */
export function sniffFormat(bytes: Uint8Array): SniffedFormat {
  const start = textOf(bytes, signatureBytes);
  for (const [format, signature] of readable) {
    if (signature.test(start)) return { kind: "readable", format };
  }
  const head = textOf(bytes, sniffedBytes);
  for (const [name, signature] of unreadable) {
    if (signature.test(head)) return { kind: "unreadable", name };
  }
  const markup = sniffMarkup(head);
  return markup === null ? { kind: "unknown" } : { kind: "unreadable", name: markup };
}

/** The first bytes, one a character. */
function textOf(bytes: Uint8Array, count: number): string {
  return String.fromCharCode(...bytes.subarray(0, count));
}

// What may stand before the first element, and where it ends.
const prologue: readonly (readonly [RegExp, string])[] = [
  [/^<\?/, "?>"],
  [/^<!--/, "-->"],
  [/^<!doctype\s/i, ">"],
];

/** SVG, HTML or XML by the first element; one pass, since a pattern of all that would backtrack without end. */
function sniffMarkup(head: string): string | null {
  let rest = head.replace(/^\xef\xbb\xbf/, "").trimStart();
  const isXml = /^<\?xml\s/.test(rest);
  for (;;) {
    if (/^<svg[\s>]/.test(rest)) return "SVG";
    if (/^<(?:!doctype html|html|head|body)[\s>]/i.test(rest)) return "HTML";
    const current = rest;
    const end = prologue.find(([start]) => start.test(current))?.[1];
    const at = end === undefined ? -1 : rest.indexOf(end);
    if (end === undefined || at === -1) return isXml ? "XML" : null;
    rest = rest.slice(at + end.length).trimStart();
  }
}
