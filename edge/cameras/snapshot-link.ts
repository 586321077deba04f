import type { CameraKeys } from "./camera-key.ts";

/** Path of a kept frame, which works without a key until it expires. @param expiresAt milliseconds since 1970 */
export async function snapshotPath(
  keys: CameraKeys,
  camera: string,
  event: string,
  expiresAt: number,
): Promise<string> {
  const expires = Math.floor(expiresAt / 1000);
  const signature = await keys.sign(signedText(camera, event, expires));
  return `/cameras/${camera}/snapshots/${event}?expires=${expires}&signature=${signature}`;
}

/** Whether a link was made by {@link snapshotPath} and still works. @param now milliseconds since 1970 */
export async function isSnapshotLink(
  keys: CameraKeys,
  camera: string,
  event: string,
  query: { readonly expires?: string | undefined; readonly signature?: string | undefined },
  now: number,
): Promise<boolean> {
  const expires = Number(query.expires);
  if (!Number.isInteger(expires) || now >= expires * 1000) return false;
  const expected = await keys.sign(signedText(camera, event, expires));
  // through a digest, so that how long it takes tells nothing
  return (await keys.sign(expected)) === (await keys.sign(query.signature ?? ""));
}

function signedText(camera: string, event: string, expires: number): string {
  return `${camera}/${event}/${expires}`;
}
