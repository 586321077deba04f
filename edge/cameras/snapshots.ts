import type { CameraConfig } from "../../shared/contract/camera.ts";
import type { FrameSize } from "../../shared/image/decode-region.ts";
import { sniffFormat } from "../../shared/image/sniff-format.ts";
import { encodeRgbPng } from "../http/png-file.ts";
import type { Services } from "../services.ts";
import { modelOf } from "./classify-frame.ts";
import { blurOutside } from "./blur-outside.ts";

/** Sides of a blurred snapshot at most, in pixels. */
const longestSide = 640;

/** Keeps the frame of an event: as it came, or only its region recognisable. Where that fails nothing is kept. */
export async function keepSnapshot(
  services: Pick<Services, "store" | "models" | "settings" | "log">,
  config: CameraConfig,
  key: string,
  bytes: Uint8Array,
  size: FrameSize | null,
): Promise<void> {
  try {
    await services.store.put(key, await snapshotOf(services, config, bytes, size));
  } catch (error) {
    services.log({ level: "warn", event: "snapshot-not-kept", key, reason: String(error) });
  }
}

/** Content type of a snapshot, by its bytes. */
export function snapshotType(bytes: Uint8Array): string {
  const sniffed = sniffFormat(bytes);
  return sniffed.kind === "readable" ? `image/${sniffed.format}` : "application/octet-stream";
}

async function snapshotOf(
  { models, settings }: Pick<Services, "models" | "settings">,
  config: CameraConfig,
  bytes: Uint8Array,
  size: FrameSize | null,
): Promise<Uint8Array> {
  const { snapshots, region } = config;
  if (snapshots === null || !snapshots.blurOutside || region === null) return bytes;
  const { width, height } = size ?? { width: 4, height: 3 };
  const scale = Math.min(1, longestSide / Math.max(width, height));
  const spec = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    fit: "stretch",
    cropFraction: 1,
    filter: "triangle",
    background: [0, 0, 0] as [number, number, number],
    denoise: "none",
  } as const;
  const image = await models.use(
    modelOf(config, settings),
    () => undefined,
    ({ codec }) => codec.decode(bytes, spec).image,
  );
  return encodeRgbPng(blurOutside(image, region));
}
