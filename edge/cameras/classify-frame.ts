import { isUnchanged, measureFrame, type FrameSignature } from "../../shared/camera/frame-signals.ts";
import type { Prediction } from "../../shared/contract/prediction.ts";
import type { CameraConfig } from "../../shared/contract/camera.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { type DecodedImage, type ImageCodec, type PixelSpec } from "../../shared/image/codec.ts";
import { decodeRegion } from "../../shared/image/decode-region.ts";
import { normalize } from "../../shared/image/normalize.ts";
import { describeReading } from "../../shared/inference/reading.ts";
import type { ServedModel } from "../model/model-cache.ts";
import type { ModelReference } from "../model/model-reference.ts";
import type { Settings } from "../settings.ts";
import type { RememberedCamera } from "./camera-memory.ts";
import type { CameraRecord } from "./site-contract.ts";

/** What a model says of a frame. */
export interface ClassifiedResult {
  readonly outcome: "classified" | "reused";
  /** Most probable first. */
  readonly predictions: readonly Prediction[];
  readonly unknown: boolean;
  readonly signature: FrameSignature;
}

/** Classes that are kept of each frame: label maps add up several. */
const keptClasses = 10;

/** The model that a camera asks for. */
export function modelOf({ model, alias }: CameraConfig, settings: Settings): ModelReference {
  const name = model ?? settings.model;
  const own = name === settings.model ? settings.alias : defaultAlias;
  return { kind: "alias", model: name, alias: alias ?? own };
}

/**
 * Decodes a frame as the model's images are decoded, and classifies it, unless it shows what the last classified ones did:
 * two in a row that agree, since a single one may be spoilt, and would be again in every frame that takes it over.
 * @throws {AppError} unsupported_media_type, invalid_image, image_too_large
 */
export function classifyFrame(
  { classifier, codec }: ServedModel,
  bytes: Uint8Array,
  { config, revision }: Pick<CameraRecord, "config" | "revision">,
  camera: RememberedCamera,
  now: number,
): ClassifiedResult {
  const { manifest } = classifier;
  const decoded = decodeFrame(codec, bytes, manifest.input, config, camera);
  camera.size = { width: decoded.width, height: decoded.height };
  const signature = measureFrame(decoded.image);
  const by = `${manifest.model}/${manifest.version}/${revision}`;
  const { reference } = camera;
  const before =
    reference !== null &&
    config.dedup !== null &&
    reference.by === by &&
    isUnchanged(reference.signature, signature, config.dedup)
      ? reference
      : null;
  if (
    before?.isConfirmed === true &&
    config.dedup !== null &&
    now - before.at < config.dedup.reuseSeconds * 1000
  ) {
    const { predictions, unknown } = before;
    return { outcome: "reused", predictions, unknown, signature };
  }
  const reading = classifier.readInput(normalize(decoded.image, manifest.input));
  const { predictions, unknown } = describeReading(manifest, reading, { topK: keptClasses });
  const isConfirmed =
    before !== null && before.unknown === unknown && before.predictions[0]?.label === predictions[0]?.label;
  camera.reference = { signature, predictions, unknown, by, isConfirmed, at: now };
  camera.classifiedAt = now;
  return { outcome: "classified", predictions, unknown, signature };
}

function decodeFrame(
  codec: ImageCodec,
  bytes: Uint8Array,
  spec: PixelSpec,
  { region }: CameraConfig,
  { size }: RememberedCamera,
): DecodedImage {
  return region === null ? codec.decode(bytes, spec) : decodeRegion(codec, bytes, spec, region, size);
}
