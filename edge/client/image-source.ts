import { downscale } from "./downscale.ts";

/** A file as React Native names one; its `fetch` reads it while it sends. */
export interface FileReference {
  readonly uri: string;
  readonly type?: string;
  readonly name?: string;
}

/** An encoded image: JPEG, PNG or WebP. */
export type ImageSource = Blob | ArrayBuffer | Uint8Array | FileReference;

/** A body and the type to send it with; `null` leaves the type to the platform, as for a form. */
export interface ImageBody {
  readonly body: Blob | FormData;
  readonly type: string | null;
}

/** What is sent of one image. @param longestSide see `downscale`, `null` sends images as they are */
export async function bodyOfImage(image: ImageSource, longestSide: number | null): Promise<ImageBody> {
  if (isReference(image)) return { body: formOf([image]), type: null };
  const blob = await shrunk(image, longestSide);
  return { body: blob, type: blob.type.startsWith("image/") ? blob.type : "application/octet-stream" };
}

/** What is sent of several. @param longestSide as above */
export async function bodyOfImages(
  images: readonly ImageSource[],
  longestSide: number | null,
): Promise<ImageBody> {
  const parts: (Blob | FileReference)[] = [];
  // one after the other: each takes the memory of its pixels
  for (const image of images) parts.push(isReference(image) ? image : await shrunk(image, longestSide));
  return { body: formOf(parts), type: null };
}

function shrunk(image: Exclude<ImageSource, FileReference>, longestSide: number | null): Promise<Blob> {
  // a Uint8Array over shared memory is copied: a Blob takes none
  const blob =
    image instanceof Blob ? image : new Blob([image instanceof Uint8Array ? image.slice() : image]);
  return longestSide === null ? Promise.resolve(blob) : downscale(blob, longestSide);
}

function formOf(parts: readonly (Blob | FileReference)[]): FormData {
  const form = new FormData();
  for (const [i, part] of parts.entries()) {
    const name = "name" in part && typeof part.name === "string" ? part.name : `image-${i}`;
    if (isReference(part)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- React Native's FormData takes it for a Blob
      form.append("image", { type: "image/jpeg", ...part, name } as unknown as Blob);
    } else form.append("image", part, name);
  }
  return form;
}

function isReference(image: ImageSource): image is FileReference {
  return "uri" in image;
}
