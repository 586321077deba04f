// The parts of the web platform that shrink an image; where one is missing (Node, React Native) it is sent as it is.

interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface Canvas {
  getContext(
    kind: "2d",
  ): { drawImage(image: Bitmap, x: number, y: number, w: number, h: number): void } | null;
  convertToBlob(options: { type: string; quality: number }): Promise<Blob>;
}

/** What shrinking needs of the platform. */
export interface ImagePlatform {
  readonly createImageBitmap?: (image: Blob) => Promise<Bitmap>;
  readonly OffscreenCanvas?: new (width: number, height: number) => Canvas;
}

/** Under its own name, since only some platforms have types for what it may have. */
const ownPlatform: object & ImagePlatform = globalThis;

/** Below it a smaller file saves no time that anybody would notice. */
const worthBytes = 100_000;
const quality = 0.92;

/**
 * The image with its longer side at most `longestSide` pixels, orientation applied, where the platform can do that and
 * the file gets smaller by it; else the image as it is.
 */
export async function downscale(
  image: Blob,
  longestSide: number,
  platform: ImagePlatform = ownPlatform,
): Promise<Blob> {
  const { createImageBitmap, OffscreenCanvas } = platform;
  if (createImageBitmap === undefined || OffscreenCanvas === undefined || image.size < worthBytes)
    return image;
  // what the browser cannot read is the server's to judge
  const bitmap = await createImageBitmap.call(platform, image).catch(() => null);
  if (bitmap === null) return image;
  try {
    const scale = longestSide / Math.max(bitmap.width, bitmap.height);
    if (scale >= 1) return image;
    const [width, height] = [bitmap.width, bitmap.height].map((side) =>
      Math.max(1, Math.round(side * scale)),
    );
    const canvas = new OffscreenCanvas(width ?? 1, height ?? 1);
    const context = canvas.getContext("2d");
    if (context === null) return image;
    context.drawImage(bitmap, 0, 0, width ?? 1, height ?? 1);
    // PNG keeps what is transparent; a browser that does not write WebP gives PNG
    const type = image.type === "image/jpeg" ? "image/jpeg" : "image/webp";
    const smaller = await canvas.convertToBlob({ type, quality });
    return smaller.size < image.size ? smaller : image;
  } finally {
    bitmap.close();
  }
}
