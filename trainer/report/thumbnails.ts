import type { ImageCodec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";

/** Small pictures as data URIs, so that a page needs no other file; bounded in number and bytes. */
export interface Thumbnails {
  /**
   * A picture of a file that decodes.
   * @param id the same picture is made once
   * @returns a data URI; `null` when the page has as many as it may, or the file does not decode
   */
  of(id: string, read: () => Promise<Uint8Array>): Promise<string | null>;
}

/** What a page may hold of pictures. */
export interface ThumbnailLimits {
  /** Pixels of the square. */
  readonly side: number;
  readonly mostImages: number;
  readonly mostBytes: number;
}

const quality = 72;

/** Makes thumbnails until a limit is reached; whoever asks first is served. */
export function createThumbnails(
  codec: ImageCodec,
  encodeJpeg: JpegEncoder,
  { side, mostImages, mostBytes }: ThumbnailLimits,
): Thumbnails {
  const made = new Map<string, string | null>();
  let count = 0;
  let bytes = 0;
  const make = async (read: () => Promise<Uint8Array>): Promise<string | null> => {
    if (count >= mostImages || bytes >= mostBytes) return null;
    try {
      const { image } = codec.decode(await read(), {
        width: side,
        height: side,
        fit: "letterbox",
        cropFraction: 1,
        filter: "triangle",
        background: [238, 238, 238],
        denoise: "none",
      });
      const uri = toDataUri(encodeJpeg(image, quality));
      count += 1;
      bytes += uri.length;
      return uri;
    } catch {
      // What does not decode has no picture; the page says so in words.
      return null;
    }
  };
  return {
    of: async (id, read) => {
      const known = made.get(id);
      if (known !== undefined) return known;
      const uri = await make(read);
      made.set(id, uri);
      return uri;
    },
  };
}

/** The pictures of a page, each in it once however many files and sections show it. */
export interface Gallery {
  readonly pictures: readonly string[];
  /** The number of a file's picture; `null` for one that has none. */
  add(id: string, read: () => Promise<Uint8Array>): Promise<number | null>;
}

/** Collects thumbnails. */
export function createGallery(thumbnails: Thumbnails): Gallery {
  const pictures: string[] = [];
  const numbers = new Map<string, number>();
  return {
    pictures,
    add: async (id, read) => {
      const picture = await thumbnails.of(id, read);
      if (picture === null) return null;
      const number = numbers.get(picture) ?? pictures.push(picture) - 1;
      numbers.set(picture, number);
      return number;
    },
  };
}

/** A JPEG as a data URI. */
export function toDataUri(jpeg: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString("base64")}`;
}
